#include "base/digest.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "base/memory.h"

enum {
	HMAC_BYTES = 32,
	KEY_ID_BYTES = 4,
	NONCE_BYTES = 12,
	TAG_BYTES = 16,
};

/* The number grows when what is made under a purpose changes: then nothing old matches by
 * chance. */
static const char recipient_purpose[] = "okite recipient 1";
static const char fingerprint_purpose[] = "okite fingerprint 1";
static const char token_purpose[] = "okite token 1";
static const char token_id_purpose[] = "okite token id 1";

struct secret {
	EVP_MAC_CTX *recipients; /* keyed, never fed: each digest starts from a copy */
	EVP_CIPHER *cipher;
	uint8_t token_key[HMAC_BYTES];
	uint8_t token_id[KEY_ID_BYTES];
	char fingerprint[DIGEST_TEXT_SIZE];
};

/*
 * What OpenSSL cannot do here is for want of memory, random numbers or its
 * own modules; going on without would be worse than to end.
 */
static void must(bool done)
{
	if (!done)
		abort();
}

static void to_hexadecimal(const uint8_t *bytes, size_t count, char *text)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < count; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	text[2 * count] = '\0';
}

/* ---- HMAC ---- */

static EVP_MAC_CTX *hmac_new(const uint8_t key[HMAC_BYTES])
{
	char hash[] = "SHA256";
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, hash, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *method = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *context;

	must(method != NULL);
	context = EVP_MAC_CTX_new(method);
	EVP_MAC_free(method);
	must(context != NULL && EVP_MAC_init(context, key, HMAC_BYTES, parameters) == 1);
	return context;
}

/*
 * From a copy of KEYED, which saves fetching the method (a lock) and hashing
 * the key each time, and leaves KEYED as it is for other threads.
 */
static void hmac_of(
	const EVP_MAC_CTX *keyed, const char *text, uint8_t result[HMAC_BYTES])
{
	EVP_MAC_CTX *context = EVP_MAC_CTX_dup(keyed);
	size_t length = 0;

	must(context != NULL &&
		EVP_MAC_update(context, (const unsigned char *)text, strlen(text)) == 1 &&
		EVP_MAC_final(context, result, &length, HMAC_BYTES) == 1 &&
		length == HMAC_BYTES);
	EVP_MAC_CTX_free(context);
}

/* ---- the secret ---- */

struct secret *secret_new(const uint8_t bytes[SECRET_BYTES])
{
	struct secret *secret = xcalloc(1, sizeof(*secret));
	EVP_MAC_CTX *root = hmac_new(bytes);
	uint8_t key[HMAC_BYTES];

	hmac_of(root, recipient_purpose, key);
	secret->recipients = hmac_new(key);
	hmac_of(root, fingerprint_purpose, key);
	to_hexadecimal(key, DIGEST_BYTES, secret->fingerprint);
	hmac_of(root, token_purpose, secret->token_key);
	hmac_of(root, token_id_purpose, key);
	memcpy(secret->token_id, key, KEY_ID_BYTES);
	secret->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	must(secret->cipher != NULL);
	OPENSSL_cleanse(key, sizeof(key));
	EVP_MAC_CTX_free(root);
	return secret;
}

void secret_free(struct secret *secret)
{
	if (secret == NULL)
		return;
	EVP_MAC_CTX_free(secret->recipients);
	EVP_CIPHER_free(secret->cipher);
	OPENSSL_cleanse(secret, sizeof(*secret));
	free(secret);
}

void secret_fingerprint(const struct secret *secret, char text[DIGEST_TEXT_SIZE])
{
	memcpy(text, secret->fingerprint, DIGEST_TEXT_SIZE);
}

/* ---- digests ---- */

void digest_of(
	const struct secret *secret, const char *text, char digest[DIGEST_TEXT_SIZE])
{
	uint8_t result[HMAC_BYTES];

	hmac_of(secret->recipients, text, result);
	to_hexadecimal(result, DIGEST_BYTES, digest);
}

/* Lower case only, as digest_of() writes it: a digest is compared as text elsewhere. */
static int hexadecimal_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return -1;
}

void digest_to_text(const uint8_t digest[DIGEST_BYTES], char text[DIGEST_TEXT_SIZE])
{
	to_hexadecimal(digest, DIGEST_BYTES, text);
}

bool digest_from_text(const char *text, uint8_t digest[DIGEST_BYTES])
{
	if (strnlen(text, DIGEST_TEXT_SIZE) != DIGEST_TEXT_SIZE - 1)
		return false;
	for (size_t i = 0; i < DIGEST_BYTES; i++) {
		int high = hexadecimal_value(text[2 * i]),
		    low = hexadecimal_value(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		digest[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* ---- sealing ---- */

/*
 * A random nonce of 96 bits is good for 2^32 messages under one key (NIST SP
 * 800-38D 8.3), which is a message a second for 136 years; beyond it the
 * chance that two nonces are the same is still one in thousands of millions.
 */
void seal(const struct secret *secret, const uint8_t *plain, size_t size, uint8_t *sealed)
{
	uint8_t *nonce = sealed + KEY_ID_BYTES;
	uint8_t *ciphertext = nonce + NONCE_BYTES;
	uint8_t *tag = ciphertext + size;
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int length = 0, rest = 0;

	assert(size <= INT_MAX - SEAL_OVERHEAD);
	memcpy(sealed, secret->token_id, KEY_ID_BYTES);
	must(context != NULL && RAND_bytes(nonce, NONCE_BYTES) == 1 &&
		EVP_EncryptInit_ex2(
			context, secret->cipher, secret->token_key, nonce, NULL) == 1 &&
		EVP_EncryptUpdate(context, ciphertext, &length, plain, (int)size) == 1 &&
		EVP_EncryptFinal_ex(context, tag, &rest) == 1 &&
		length + rest == (int)size &&
		EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, tag) == 1);
	EVP_CIPHER_CTX_free(context);
}

static bool decrypt(
	const struct secret *secret, const uint8_t *sealed, size_t size, uint8_t *plain)
{
	const uint8_t *nonce = sealed + KEY_ID_BYTES;
	const uint8_t *ciphertext = nonce + NONCE_BYTES;
	uint8_t tag[TAG_BYTES], none[TAG_BYTES];
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int length = 0, rest = 0;
	bool genuine;

	memcpy(tag, ciphertext + size, TAG_BYTES);
	must(context != NULL);
	must(EVP_DecryptInit_ex2(
		     context, secret->cipher, secret->token_key, nonce, NULL) == 1 &&
		EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) ==
			1 &&
		EVP_DecryptUpdate(context, plain, &length, ciphertext, (int)size) == 1);
	genuine = EVP_DecryptFinal_ex(context, none, &rest) == 1;
	EVP_CIPHER_CTX_free(context);
	if (!genuine)
		OPENSSL_cleanse(plain, size);
	return genuine;
}

bool unseal(
	const struct secret *secret, const uint8_t *sealed, size_t size, uint8_t *plain)
{
	if (size < SEAL_OVERHEAD || size > INT_MAX ||
		memcmp(sealed, secret->token_id, KEY_ID_BYTES) != 0)
		return false;
	return decrypt(secret, sealed, size - SEAL_OVERHEAD, plain);
}
