#pragma once

#include <stdbool.h>

#include <openssl/ssl.h>

#include "base/error.h"
#include "store/store.h"

/*
 * The files of TLS: whom we trust (redis.ca_file, or the system's
 * authorities), and who we are (redis.cert_file and redis.key_file).  Inside
 * redis_tls only.
 *
 * False, with ERROR set, when one is of no use; its text begins with the
 * option and the file.
 */
bool tls_read_files(
	SSL_CTX *context, const struct redis_settings *settings, struct error *error);
