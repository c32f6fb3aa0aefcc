#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What is made of the fleet's secret: keyed digests of addresses, the
 * fingerprint by which nodes know that they share it, and the sealing of
 * tokens.  One secret serves several purposes, each with its own key
 * (HMAC-SHA-256 of the purpose's name under the secret), so what leaks of one
 * tells nothing of another.
 *
 * A struct secret does not change once it is read: any thread may use it.
 */
enum {
	SECRET_BYTES = 32,
	DIGEST_BYTES = 16,
	DIGEST_TEXT_SIZE = 2 * DIGEST_BYTES + 1, /* hexadecimal, with its end */
	SEAL_OVERHEAD = 4 + 12 + 16,		 /* key id, nonce, tag */
};

struct secret;

/* From its bytes: for those in a file see base/secret.h. */
struct secret *secret_new(const uint8_t bytes[SECRET_BYTES]);
void secret_free(struct secret *secret);

/* Who can compare this with another node's knows whether the secret is the same, and no more. */
void secret_fingerprint(const struct secret *secret, char text[DIGEST_TEXT_SIZE]);

/* HMAC-SHA-256 under the key for recipients, cut to 128 bits, in hexadecimal. */
void digest_of(
	const struct secret *secret, const char *text, char digest[DIGEST_TEXT_SIZE]);
void digest_to_text(const uint8_t digest[DIGEST_BYTES], char text[DIGEST_TEXT_SIZE]);
bool digest_from_text(const char *text, uint8_t digest[DIGEST_BYTES]);

/*
 * AES-256-GCM with a random nonce.  SEALED takes SIZE + SEAL_OVERHEAD bytes:
 * the key's id, the nonce, the ciphertext, the tag.
 */
void seal(
	const struct secret *secret, const uint8_t *plain, size_t size, uint8_t *sealed);
/* False when it was not sealed with this secret, or is not what was sealed. */
bool unseal(
	const struct secret *secret, const uint8_t *sealed, size_t size, uint8_t *plain);
