#include "store/redis_tls_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>

/* All authorities of a system have a quarter of a megabyte. */
enum { FILE_BYTES_MAX = 16 << 20 };

/* What OpenSSL would only tell in numbers, or would wait for: a FIFO of that name. */
static bool is_readable(const char *option, const char *path, struct error *error)
{
	struct stat status;
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool opened = file >= 0 && fstat(file, &status) == 0;

	if (!opened)
		error_set(error, "%s %.200s cannot be read: %s", option, path,
			strerror(errno));
	if (file >= 0)
		close(file);
	if (!opened)
		return false;
	if (!S_ISREG(status.st_mode) || status.st_size > FILE_BYTES_MAX)
		return error_set(error, "%s %.200s is %s", option, path,
			S_ISREG(status.st_mode) ? "too large for certificates"
						: "not a regular file");
	return true;
}

/* Nobody sits at a terminal to be asked: CONTEXT notes that somebody would have been. */
static int give_no_password(char *password, int size, int writes, void *context)
{
	bool *asked = context;

	(void)password;
	(void)size;
	(void)writes;
	*asked = true;
	return -1;
}

/* Has OpenSSL found nothing between BEGIN and END lines? */
static bool found_nothing(unsigned long code)
{
	int reason = ERR_GET_REASON(code);

	return (ERR_GET_LIB(code) == ERR_LIB_PEM && reason == PEM_R_NO_START_LINE) ||
	       (ERR_GET_LIB(code) == ERR_LIB_OSSL_DECODER &&
		       reason == ERR_R_UNSUPPORTED) ||
	       (ERR_GET_LIB(code) == ERR_LIB_X509 &&
		       reason == X509_R_NO_CERTIFICATE_OR_CRL_FOUND);
}

static bool tell_fault(
	const char *option, const char *path, const char *what, struct error *error)
{
	unsigned long code = ERR_peek_error(), last = ERR_peek_last_error();
	const char *reason = ERR_reason_error_string(code);

	ERR_clear_error();
	if (found_nothing(code) || found_nothing(last))
		return error_set(error,
			"%s %.200s has no %s in it: it must be in PEM, with a line "
			"-----BEGIN",
			option, path, what);
	return error_set(error, "%s %.200s has no good %s in it (%s)", option, path, what,
		reason == NULL ? "no reason given" : reason);
}

static bool read_authorities(SSL_CTX *context, const char *path, struct error *error)
{
	static const char option[] = "redis.ca_file";

	if (*path == '\0')
		return SSL_CTX_set_default_verify_paths(context) == 1 ||
		       error_set(error, "the system's authorities cannot be read: set %s",
			       option);
	if (!is_readable(option, path, error))
		return false;
	if (SSL_CTX_load_verify_file(context, path) != 1)
		return tell_fault(option, path, "certificate", error);
	/* What stands there is trusted, be it below another authority. */
	X509_VERIFY_PARAM_set_flags(
		SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
	return true;
}

static bool read_key(SSL_CTX *context, const struct redis_settings *settings, bool *asked,
	struct error *error)
{
	static const char option[] = "redis.key_file";
	const char *path = settings->key_file;

	if (!is_readable(option, path, error))
		return false;
	if (SSL_CTX_use_PrivateKey_file(context, path, SSL_FILETYPE_PEM) == 1)
		return true;
	if (*asked) {
		ERR_clear_error();
		return error_set(error,
			"%s %.200s is locked by a password, which nobody is there to "
			"give: write it without one (openssl pkey) and let only okite's "
			"user read it",
			option, path);
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH) {
		ERR_clear_error();
		return error_set(error,
			"%s %.200s is not the key of redis.cert_file %.200s", option,
			path, settings->cert_file);
	}
	return tell_fault(option, path, "key", error);
}

static bool read_own(SSL_CTX *context, const struct redis_settings *settings, bool *asked,
	struct error *error)
{
	static const char option[] = "redis.cert_file";
	const char *path = settings->cert_file;

	if (*path == '\0')
		return true;
	if (!is_readable(option, path, error))
		return false;
	if (SSL_CTX_use_certificate_chain_file(context, path) != 1)
		return tell_fault(option, path, "certificate", error);
	return read_key(context, settings, asked, error);
}

bool tls_read_files(
	SSL_CTX *context, const struct redis_settings *settings, struct error *error)
{
	bool asked = false, ok;

	ERR_clear_error();
	SSL_CTX_set_default_passwd_cb(context, give_no_password);
	SSL_CTX_set_default_passwd_cb_userdata(context, &asked);
	ok = read_authorities(context, settings->ca_file, error) &&
	     read_own(context, settings, &asked, error);
	SSL_CTX_set_default_passwd_cb_userdata(context, NULL);
	SSL_CTX_set_default_passwd_cb(context, NULL);
	return ok;
}
