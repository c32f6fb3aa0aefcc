#include "store/redis_url.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Copy the LENGTH bytes of FROM, with %XX decoded.  False when it does not fit or is no
 * such thing. */
static bool decode(char *to, size_t size, const char *from, size_t length)
{
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		char c = from[i], hex[3] = "", *end;

		if (c == '%') {
			if (i + 2 >= length)
				return false;
			memcpy(hex, from + i + 1, 2);
			c = (char)strtol(hex, &end, 16);
			if (*end != '\0' || c == '\0')
				return false;
			i += 2;
		}
		if (used + 1 >= size)
			return false;
		to[used++] = c;
	}
	to[used] = '\0';
	return true;
}

static bool parse_database(struct redis_url *url, const char *text)
{
	int64_t number = 0;

	if (*text != '\0' && !text_to_number(text, 0, 1000000, &number))
		return false;
	url->database = (int)number;
	return true;
}

static bool parse_unix(struct redis_url *url, const char *text)
{
	size_t length = strcspn(text, "?");

	if (text[0] != '/' || !decode(url->path, sizeof(url->path), text, length))
		return false;
	text += length;
	if (*text == '\0')
		return true;
	return strncmp(text, "?db=", 4) == 0 && parse_database(url, text + 4);
}

static bool parse_login(struct redis_url *url, const char *text, size_t length)
{
	const char *colon = memchr(text, ':', length);
	size_t user = colon == NULL ? length : (size_t)(colon - text);

	return decode(url->user, sizeof(url->user), text, user) &&
	       (colon == NULL || decode(url->password, sizeof(url->password), colon + 1,
					 length - user - 1));
}

static bool parse_port(struct redis_url *url, const char *text, size_t length)
{
	int64_t number;

	if (length >= sizeof(url->port))
		return false;
	memcpy(url->port, text, length);
	url->port[length] = '\0';
	return text_to_number(url->port, 1, 65535, &number);
}

static bool parse_tcp(struct redis_url *url, const char *text)
{
	size_t length = strcspn(text, "/");
	const char *end = text + length, *at = memrchr(text, '@', length), *host, *colon;

	if (at != NULL && !parse_login(url, text, (size_t)(at - text)))
		return false;
	host = at == NULL ? text : at + 1;
	if (*end == '/' && !parse_database(url, end + 1))
		return false;
	text_copy(url->port, sizeof(url->port), "6379");
	if (*host == '[') {
		const char *bracket = memchr(host, ']', (size_t)(end - host));

		if (bracket == NULL ||
			!decode(url->host, sizeof(url->host), host + 1,
				(size_t)(bracket - host - 1)) ||
			url->host[0] == '\0')
			return false;
		if (bracket + 1 == end)
			return true;
		return bracket[1] == ':' &&
		       parse_port(url, bracket + 2, (size_t)(end - bracket - 2));
	}
	colon = memrchr(host, ':', (size_t)(end - host));
	if (!decode(url->host, sizeof(url->host), host,
		    (size_t)((colon == NULL ? end : colon) - host)) ||
		url->host[0] == '\0')
		return false;
	return colon == NULL || parse_port(url, colon + 1, (size_t)(end - colon - 1));
}

static const char tls_scheme[] = "rediss://";

bool redis_url_is_tls(const char *text)
{
	return strncmp(text, tls_scheme, strlen(tls_scheme)) == 0;
}

bool redis_url_parse(struct redis_url *url, const char *text, struct error *error)
{
	bool ok = false;

	*url = (struct redis_url){ .tls = redis_url_is_tls(text) };
	if (url->tls)
		ok = parse_tcp(url, text + strlen(tls_scheme));
	else if (strncmp(text, "redis://", 8) == 0)
		ok = parse_tcp(url, text + 8);
	else if (strncmp(text, "unix://", 7) == 0)
		ok = parse_unix(url, text + 7);
	/* The text may hold a password: it is not repeated. */
	return ok || error_set(error, "redis.url: write redis://HOST:PORT/DB, "
				      "rediss://HOST:PORT/DB or unix:///PATH?db=DB");
}
