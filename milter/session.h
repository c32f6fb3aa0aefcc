#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "milter/destination.h"
#include "milter/runtime.h"
#include "policy/message.h"
#include "policy/verdict.h"
#include "store/store.h"

/*
 * One connection of the MTA, and the message that it is in.  libmilter's
 * worker pool moves a connection from thread to thread, so everything is
 * here.  Callbacks of one connection never overlap; the lock is for the end
 * of the program, which gives back what messages in hand were charged.
 */
struct listed {
	struct recipient recipient;
	char *envelope;	   /* as the MTA named it */
	bool removed;	   /* gets nothing: taken out at end of message */
	bool counts;	   /* charged and counted: not internal, not simulated */
	const char *fault; /* why it is no address; NULL: it is one */
	char *destination; /* of one that is removed; NULL where that need not be known */
};

struct session {
	pthread_mutex_t lock;
	bool stopped;		      /* the program ends: nothing more is charged */
	struct session *next, **link; /* all sessions */

	unsigned long no_reply; /* SMFIP_NR_*: what the MTA awaits no answer to */
	bool can_change;	/* the MTA lets us change headers and recipients */
	bool counts_bytes;	/* the MTA sends headers and body */
	struct client client;
	bool without_port; /* not SMTP over a network: Postfix's cleanup, Sendmail -bs */
	bool merges_recipients; /* see destination.h */

	struct runtime *runtime;
	bool in_message;
	struct message message;
	const char *fault;	  /* what is wrong with the sender or the login; NULL */
	const char *fault_status; /* its enhanced status code */
	char queue_id[QUEUE_ID_SIZE];
	enum standing standing; /* of the account, when it was asked for last */
	int64_t accepted_us;	/* when it was accepted: as its token says; 0: not yet */
	int64_t bytes;		/* counted so far */
	struct listed *listed;
	size_t listed_count;
	struct destinations destinations; /* of those accepted that get the message */
	int64_t refused;
	int64_t unjudged; /* of those accepted, how many passed since there was no store */
	struct verdict hold; /* rule "" when nothing asks for it */
	struct event *events;
	size_t event_count;
	size_t events_left_out; /* there were too many */
};

struct session *session_open(void);
/* Ends the message in hand, too. */
void session_close(struct session *session);

/* A new message begins, under the configuration in force now; one in hand is given up. */
void session_begin(struct session *session);

/* The message goes out: its recipients count as sent.  Or it does not: what it was charged goes back. */
void session_commit(struct session *session);
void session_give_up(struct session *session);

/* A recipient that is to be remembered till the end of the message; both are copied. */
struct listed *session_list(
	struct session *session, const struct recipient *recipient, const char *envelope);

/*
 * An event of this message: VERDICT, which was not only observed, on RECIPIENT,
 * or with NULL on the message.
 */
void session_event(struct session *session, enum event_kind kind,
	const struct recipient *recipient, const struct verdict *verdict);

/* The program ends: give up every message in hand, and let no callback charge any more.
 */
void sessions_stop(void);
