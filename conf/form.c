#include "conf/form.h"

#include <stdint.h>
#include <string.h>
#include <sys/un.h>

#include "base/text.h"
#include "policy/account.h"
#include "store/redis_url.h"

enum {
	TEXT_LENGTH_MAX = 1024,
	PORT_MAX = 65535,
	SOCKET_PATH_MAX = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1,
};

const char *form_text(const struct conf_option *option, const char *text)
{
	(void)option;
	if (strlen(text) > TEXT_LENGTH_MAX)
		return "too long";
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return "a control character is in it";
	return NULL;
}

static bool is_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

const char *form_token(const struct conf_option *option, const char *text)
{
	if (strlen(text) > (size_t)option->most)
		return "longer than 64 characters";
	if (!is_printable(text))
		return "a character is in it that cannot be in a key of Redis";
	/* Braces set a cluster's slot; the others mean something in the pattern of a walk. */
	if (strpbrk(text, " {}*?[]\\") != NULL)
		return "a space, a brace, a bracket, \\, * or ? is in it";
	return NULL;
}

const char *form_path(const struct conf_option *option, const char *text)
{
	/* Where nothing is the default, nothing may be written. */
	if (*text == '\0' && strcmp(option->standard, "\"\"") == 0)
		return NULL;
	return *text == '/' ? NULL : "no path from the root";
}

/* PORT@HOST, as libmilter takes it. */
static const char *port_at_host(const char *text)
{
	size_t length = strcspn(text, "@");
	const char *host = text + length;
	char port[8];
	int64_t number;

	if (length >= sizeof(port))
		return "PORT is no number from 1 to 65535";
	memcpy(port, text, length);
	port[length] = '\0';
	if (!text_to_number(port, 1, PORT_MAX, &number))
		return "PORT is no number from 1 to 65535";
	if (*host == '\0')
		return "@HOST is missing";
	return host[1] == '\0' || strpbrk(host + 1, " @/") != NULL ? "HOST is no host"
								   : NULL;
}

static const char *socket_path(const char *path)
{
	if (*path != '/')
		return "the path does not begin with /";
	return strlen(path) > SOCKET_PATH_MAX ? "the path is too long for a socket"
					      : NULL;
}

const char *form_listen(const struct conf_option *option, const char *text)
{
	static const struct {
		const char *prefix;
		const char *(*form)(const char *rest);
	} families[] = {
		{ "inet:", port_at_host },
		{ "inet6:", port_at_host },
		{ "unix:", socket_path },
		{ "local:", socket_path },
	};

	(void)option;
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		size_t length = strlen(families[i].prefix);

		if (strncmp(text, families[i].prefix, length) == 0)
			return families[i].form(text + length);
	}
	return "it begins with none of inet:, inet6:, unix: and local:";
}

const char *form_url(const struct conf_option *option, const char *text)
{
	static const struct {
		const char *scheme;
		const char *wrong; /* NULL: spoken */
	} schemes[] = {
		{ "redis://", NULL },
		{ "rediss://", NULL },
		{ "unix://", NULL },
		{ "redis+sentinel://",
			"this version does not speak redis+sentinel:// yet" },
		{ "redis+cluster://",
			"this version does not speak redis+cluster:// yet" },
	};

	struct redis_url url;

	(void)option;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t length = strlen(schemes[i].scheme);

		if (strncmp(text, schemes[i].scheme, length) != 0)
			continue;
		if (schemes[i].wrong != NULL)
			return schemes[i].wrong;
		if (text[length] == '\0')
			return "the server is missing";
		return redis_url_parse(&url, text, NULL)
			       ? NULL
			       : "what stands behind :// cannot be read";
	}
	return "it begins with none of redis://, rediss:// and unix://";
}

const char *form_host_port(const struct conf_option *option, const char *text)
{
	const char *colon = strrchr(text, ':');
	int64_t number;

	(void)option;
	if (*text == '\0')
		return NULL;
	if (colon == NULL || colon == text)
		return "no host, colon and port";
	if (!text_to_number(colon + 1, 1, PORT_MAX, &number))
		return "the port is no number from 1 to 65535";
	if (strpbrk(text, " @/") != NULL)
		return "the host is none";
	if (*text == '[')
		return colon[-1] == ']' ? NULL : "the ] is missing";
	return strchr(text, ':') == colon ? NULL : "an IPv6 address stands in [ ]";
}

/* It goes into a reply of SMTP, which is ASCII (RFC 5321 4.2). */
const char *form_reply(const struct conf_option *option, const char *text)
{
	if (strlen(text) > (size_t)option->most)
		return "too long";
	return is_printable(text) ? NULL : "a character is in it that is not of ASCII";
}

const char *form_name(const struct conf_option *option, const char *text)
{
	size_t length = strlen(text);

	if (length == 0)
		return "no name";
	if (length >= option->size)
		return "too long";
	if (strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") != length)
		return "a character is in it that cannot be in a name";
	return NULL;
}

const char *form_account(const struct conf_option *option, const char *text)
{
	(void)option;
	if (*text == '\0')
		return "no name";
	return strlen(text) >= ACCOUNT_SIZE ? "too long" : NULL;
}
