#pragma once

/*
 * A redis-server of one's own for a test: on a unix socket in a temporary
 * folder, without persistence, gone with the test.
 */
struct redis_server;

/* NULL, after saying why on standard output, where there is no redis-server or it does
 * not start. */
struct redis_server *redis_server_start(void);
const char *redis_server_url(const struct redis_server *server);
void redis_server_stop(struct redis_server *server); /* NULL is fine */
