#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "feedback/classify.h"
#include "feedback/formats.h"
#include "tests/feedback/reports.h"
#include "tests/support/test.h"

/*
 * Bounces whose recipients stand in their text only, as different systems
 * write them.
 */
#define DAEMON(subject)                                                                  \
	"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.com\nTo: sender@example.org\n"  \
	"Subject: " subject "\n\n"
#define RETURNED                                                                         \
	"Received: from localhost by mx.example.com; Mon, 3 Nov 2025 10:00:00 +0000\n"   \
	"From: sender@example.org\nTo: somebody@example.net\nSubject: hello\n\n"         \
	"Write to other@example.com\n"

static const struct report_case cases[] = {
	{ "qmail",
		DAEMON("failure notice") "Hi. This is the qmail-send program at "
					 "mx.example.com.\n"
					 "I'm afraid I wasn't able to deliver your "
					 "message to the following addresses.\n"
					 "This is a permanent error; I've given up. "
					 "Sorry it didn't work out.\n\n"
					 "<alice@example.net>:\n192.0.2.1 does not like "
					 "recipient.\n"
					 "Remote host said: 550 5.1.1 "
					 "<alice@example.net>: no such user here\n"
					 "Giving up on 192.0.2.1.\n\n"
					 "<bob@example.net>:\nRemote host said: 552 "
					 "5.2.2 mailbox full\n\n"
					 "--- Below this line is a copy of the "
					 "message.\n\n" RETURNED,
		"bounce hard alice@example.net failed\nbounce soft bob@example.net "
		"failed\n" },
	{ "Exim, one address from another",
		"From: Mail Delivery System <Mailer-Daemon@mx.example.com>\n"
		"To: sender@example.org\nX-Failed-Recipients: alice@example.net\n"
		"Subject: Mail delivery failed: returning message to sender\n\n"
		"This message was created automatically by mail delivery software.\n\n"
		"A message that you sent could not be delivered to one or more of its\n"
		"recipients. This is a permanent error. The following address(es) "
		"failed:\n\n"
		"  carol@example.com\n    (generated from alice@example.net)\n"
		"    SMTP error from remote mail server after RCPT "
		"TO:<carol@example.com>:\n"
		"    host mx.example.com [192.0.2.1]: 550 5.1.1 User unknown\n\n"
		"------ This is a copy of the message, including all the headers. "
		"------\n\n" RETURNED,
		"bounce hard alice@example.net failed\n" },
	{ "Exim, a warning",
		DAEMON("Warning: message 1abc-0002-3d delayed 24 hours") "This message "
									 "was created "
									 "automatically "
									 "by mail "
									 "delivery "
									 "software.\n"
									 "A message that "
									 "you sent has "
									 "not yet been "
									 "delivered to "
									 "one or more of "
									 "its\n"
									 "recipients "
									 "after more "
									 "than 24 hours "
									 "on the queue "
									 "on "
									 "mx.example.com."
									 "\n\n"
									 "The message "
									 "identifier is: "
									 "    "
									 "1abc-0002-"
									 "3d\n\n"
									 "The address to "
									 "which the "
									 "message has "
									 "not yet been "
									 "delivered "
									 "is:\n\n"
									 "  "
									 "alice@example."
									 "net\n    Delay "
									 "reason: "
									 "connection "
									 "timed out\n\n"
									 "No action is "
									 "required on "
									 "your part.\n",
		"bounce soft alice@example.net delayed\n" },
	{ "Postfix without its part for machines",
		DAEMON("Undelivered Mail Returned to Sender") "This is the mail system "
							      "at host "
							      "mx.example.com.\n\n"
							      "I'm sorry to have to "
							      "inform you that your "
							      "message could not\n"
							      "be delivered to one or "
							      "more recipients.\n\n      "
							      "             The mail "
							      "system\n\n"
							      "<carol@example.com> "
							      "(expanded from "
							      "<alice@example.net>): "
							      "host\n"
							      "    "
							      "mx.example.com[192.0.2.1] "
							      "said: 550 5.1.1 "
							      "<carol@example.com>: "
							      "Recipient\n"
							      "    address rejected: "
							      "User unknown (in reply to "
							      "RCPT TO command)\n",
		"bounce hard alice@example.net failed\n" },
	{ "Exchange 2003",
		DAEMON("Undeliverable: hello") "Your message\n\n  To:      Alice\n  "
					       "Subject: hello\n\n"
					       "did not reach the following "
					       "recipient(s):\n\n"
					       "alice@example.net on Mon, 3 Nov 2025 "
					       "10:00:00 +0000\n"
					       "    The e-mail account does not exist at "
					       "the organization this message was\n"
					       "sent to.\n    <mx.example.com #5.1.1 "
					       "smtp;550 5.1.1 <alice@example.net>... "
					       "User "
					       "unknown>\n",
		"bounce hard alice@example.net failed\n" },
	{ "Exchange Online, HTML",
		"Return-Path: <>\nFrom: postmaster@example.com\nTo: sender@example.org\n"
		"Subject: =?utf-8?B?VW56dXN0ZWxsYmFy?=: hello\nContent-Type: "
		"text/html\n\n"
		"<html><head><style>p{}</style></head><body><p>Ihre Nachricht</p>"
		"<p>Diagnoseinformationen f&#252;r Administratoren:</p>\n"
		"<p>Generierender Server: mx.example.com</p><p>alice@example.net<br>\n"
		"Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; "
		"Recipient "
		"not found by SMTP address lookup'</p></body></html>\n",
		"bounce hard alice@example.net failed\n" },
	{ "Gmail, old",
		DAEMON("Delivery Status Notification (Failure)") "Delivery to the "
								 "following recipient "
								 "failed permanently:\n\n"
								 "     "
								 "alice@example."
								 "net\n\nTechnical "
								 "details of permanent "
								 "failure: \n"
								 "The error that the "
								 "other server returned "
								 "was:\n550 5.1.1 user "
								 "unknown\n\n"
								 "----- Original message "
								 "-----\n\n" RETURNED,
		"bounce hard alice@example.net failed\n" },
	{ "Google Groups",
		"From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\n"
		"To: sender@example.org\nX-Failed-Recipients: team@example.net\n"
		"Subject: Delivery Status Notification (Failure)\n\n"
		"Hello sender@example.org,\n\nWe're writing to let you know that the "
		"group you\n"
		"tried to contact (team) may not exist, or you may not have permission "
		"to post\n"
		"messages to the group.\n",
		"bounce policy team@example.net failed\n" },
	{ "Yahoo",
		DAEMON("Failure Notice") "Sorry, we were unable to deliver your message "
					 "to the following address.\n\n"
					 "<alice@example.net>:\nRemote host said:\n"
					 "550 5.1.1 user unknown\n [RCPT_TO]\n\n"
					 "--- Below this line is a copy of the "
					 "message.\n\n" RETURNED,
		"bounce hard alice@example.net failed\n" },
	{ "Sendmail 5",
		DAEMON("Returned mail: User unknown") "   ----- Transcript of session "
						      "follows -----\n"
						      "While talking to "
						      "mx.example.net:\n>>> RCPT "
						      "To:<alice@example.net>\n"
						      "<<< 550 <alice@example.net>, User "
						      "Unknown\n"
						      "550 <alice@example.net>... User "
						      "unknown\n\n"
						      "   ----- Unsent message follows "
						      "-----\n" RETURNED,
		"bounce hard alice@example.net failed\n" },
	{ "OpenSMTPD",
		DAEMON("Delivery status notification: error") "    Hi!\n\n    This is "
							      "the MAILER-DAEMON, please "
							      "DO NOT REPLY to this "
							      "e-mail.\n\n"
							      "    An error has occurred "
							      "while attempting to "
							      "deliver a message for\n"
							      "    the following list of "
							      "recipients:\n\n"
							      "alice@example.net: 550 "
							      "5.1.1 No such user\n\n"
							      "    Below is a copy of "
							      "the original "
							      "message:\n\n" RETURNED,
		"bounce hard alice@example.net failed\n" },
	{ "DragonFly",
		"From: MAILER-DAEMON <>\nTo: sender@example.org\nSubject: Mail delivery "
		"failed\n\n"
		"This is the DragonFly Mail Agent v0.13 at mx.example.com.\n\n"
		"There was an error delivering your mail to <alice@example.net>.\n\n"
		"mx.example.net [192.0.2.1] did not like our RCPT TO:\n"
		"550 5.1.1 <alice@example.net>: User unknown\n\nMessage headers "
		"follow.\n\n" RETURNED,
		"bounce hard alice@example.net failed\n" },
	{ "Courier",
		DAEMON("NOTICE: mail delivery status.") "This is a delivery status "
							"notification from "
							"mx.example.com,\n"
							"running the Courier mail "
							"server, version 0.65.\n\n"
							"The original message was "
							"received on Mon, 3 Nov 2025 "
							"10:00:00 +0000\n"
							"from mail.example.org "
							"(mail.example.org "
							"[192.0.2.9])\n\n"
							"--------------------------------"
							"--------------------------------"
							"--------\n\n"
							"                           "
							"UNDELIVERABLE MAIL\n\n"
							"Your message to the following "
							"recipients cannot be "
							"delivered:\n\n"
							"<alice@example.net>:\n    "
							"mx.example.net [192.0.2.1]:\n"
							">>> RCPT "
							"TO:<alice@example.net>\n"
							"<<< 550 5.1.1 "
							"<alice@example.net>... User "
							"Unknown\n\n"
							"--------------------------------"
							"--------------------------------"
							"--------\n\n"
							"If your message was also sent "
							"to additional recipients, their "
							"delivery\n"
							"status is not included in this "
							"report.\n",
		"bounce hard alice@example.net failed\n" },
	{ "Domino",
		DAEMON("DELIVERY FAILURE: User alice not listed in Domino Directory") "Yo"
										      "ur"
										      " m"
										      "es"
										      "sa"
										      "ge"
										      "\n"
										      "\n"
										      "  "
										      "Su"
										      "bj"
										      "ec"
										      "t:"
										      " h"
										      "el"
										      "lo"
										      "\n"
										      "\n"
										      "wa"
										      "s "
										      "no"
										      "t "
										      "de"
										      "li"
										      "ve"
										      "re"
										      "d "
										      "to"
										      ":"
										      "\n"
										      "\n"
										      "  "
										      "al"
										      "ic"
										      "e@"
										      "ex"
										      "am"
										      "pl"
										      "e."
										      "ne"
										      "t"
										      "\n"
										      "\n"
										      "be"
										      "ca"
										      "us"
										      "e:"
										      "\n"
										      "\n"
										      "  "
										      "Us"
										      "er"
										      " a"
										      "li"
										      "ce"
										      " ("
										      "al"
										      "ic"
										      "e@"
										      "ex"
										      "am"
										      "pl"
										      "e."
										      "ne"
										      "t)"
										      " n"
										      "ot"
										      " l"
										      "is"
										      "te"
										      "d "
										      "in"
										      " D"
										      "om"
										      "in"
										      "o "
										      "Di"
										      "re"
										      "ct"
										      "or"
										      "y"
										      "\n",
		"bounce hard alice@example.net failed\n" },
	{ "Notes",
		DAEMON("DELIVERY FAILURE") "------- Failure Reasons  --------\n\n"
					   "User not listed in public Name & Address "
					   "Book\nalice@example.net\n\n"
					   "------- Returned Message "
					   "--------\n\n" RETURNED,
		"bounce hard alice@example.net failed\n" },
	{ "GroupWise",
		DAEMON("Message status - undeliverable") "The message that you sent was "
							 "undeliverable to the "
							 "following:\n"
							 "\talice@example.net (user not "
							 "found)\n\nPossibly truncated "
							 "original message "
							 "follows:\n\n" RETURNED,
		"bounce hard alice@example.net failed\n" },
	{ "IMail",
		DAEMON("Undeliverable Mail") "Unknown user: alice@example.net\n\nBody of "
					     "message generated response:\n"
					     "550 Unknown user\n\nOriginal message "
					     "follows.\n\n" RETURNED,
		"bounce hard alice@example.net failed\n" },
	{ "MDaemon",
		DAEMON("Permanent Delivery Failure") "The attached message had PERMANENT "
						     "fatal delivery errors!\n\n"
						     "After one or more unsuccessful "
						     "delivery attempts the attached "
						     "message has\n"
						     "been removed from the mail queue "
						     "on this server.\n\n"
						     "Session Transcript:\n"
						     " Mon 2025-11-03 10:00:00: --> RCPT "
						     "To:<alice@example.net>\n"
						     "--> MAIL "
						     "From:<sender@example.org>\n<-- 250 "
						     "Ok\n"
						     "--> RCPT "
						     "To:<alice@example.net>\n<-- 550 "
						     "5.1.1 No such user\n: End "
						     "Transcript\n",
		"bounce hard alice@example.net failed\n" },
	{ "MailMarshal",
		DAEMON("Undeliverable Mail: \"hello\"") "Your message:\n   From:    "
							"sender@example.org\n   Subject: "
							"hello\n\n"
							"Could not be delivered because "
							"of\n\n550 5.1.1 User unknown\n\n"
							"The following recipients were "
							"affected: \n    "
							"alice@example.net\n\n\n"
							"Additional "
							"Information\n==================="
							"===\n"
							"Original Sender:    "
							"<sender@example.org>\n",
		"bounce hard alice@example.net failed\n" },
	{ "James",
		DAEMON("Re:hello") "Error message below:\n550 - Requested action not "
				   "taken: no such user here\n\n"
				   "Message details:\n  Subject: hello\n  MAIL FROM: "
				   "sender@example.org\n"
				   "  RCPT TO: alice@example.net\n  From: "
				   "sender@example.org\n",
		"bounce hard alice@example.net failed\n" },
	{ "InterScan",
		DAEMON("Mail could not be delivered") "****** Message from InterScan "
						      "Messaging Security Suite "
						      "******\n\n"
						      "Sent <<< RCPT "
						      "TO:<alice@example.net>\n"
						      "Received >>> 550 5.1.1 "
						      "<alice@example.net>... User "
						      "Unknown\n\n"
						      "Unable to deliver message to "
						      "<alice@example.net>.\n\n"
						      "************************     End "
						      "of message     "
						      "**********************\n",
		"bounce hard alice@example.net failed\n" },
	{ "SurfControl",
		DAEMON("Delivery Status Notification (Failure)") "Your message could not "
								 "be sent.\n"
								 "A transcript of the "
								 "attempts to send the "
								 "message follows.\n"
								 "The number of attempts "
								 "made: 1\nAddressed To: "
								 "alice@example.net\n\n"
								 "Mon 3 Nov 2025 "
								 "10:00:00 +0000\nFailed "
								 "to send to identified "
								 "host,\n"
								 "alice@example.net: "
								 "[192.0.2.1], 550 "
								 "alice@example.net... "
								 "No such user\n"
								 "--- Message "
								 "non-deliverable.\n",
		"bounce hard alice@example.net failed\n" },
	{ "MailFoundry",
		DAEMON("Delivery failed") "This is a MIME encapsulated message.\n"
					  "Unable to deliver message to: "
					  "<alice@example.net>\n"
					  "Delivery failed for the following reason:\n"
					  "Server mx.example.net[192.0.2.1] failed with: "
					  "550 <alice@example.net> No such "
					  "user here\n\nThis has been a permanent "
					  "failure. No further delivery attempts will "
					  "be made.\n",
		"bounce hard alice@example.net failed\n" },
	{ "Active!hunter",
		DAEMON("FAILURE NOTICE :") "  ----- The following addresses had "
					   "permanent fatal errors -----\n\n"
					   ">>> alice@example.net <<<\n\n550 5.1.1 "
					   "<alice@example.net>... User Unknown\n\n"
					   "  ----- Original message follows "
					   "-----\n" RETURNED,
		"bounce hard alice@example.net failed\n" },
	{ "WebShield",
		DAEMON("Delivery failure") "Your mail sent on: Mon, 3 Nov 2025\n\n"
					   "--- The following addresses had delivery "
					   "problems ---\n\n"
					   "<alice@example.net>   (User unknown)\n",
		"bounce hard alice@example.net failed\n" },
	{ "EZweb",
		DAEMON("Mail System Error - Returned Mail") "The user(s) account is "
							    "disabled.\n\n<alice@example."
							    "net>\n",
		"bounce soft alice@example.net failed\n" },
	{ "EZweb, a list",
		DAEMON("Mail System Error - Returned Mail") "Each of the following "
							    "recipients was rejected by "
							    "a remote mail server.\n"
							    "The reasons given by the "
							    "server are included to help "
							    "you determine why\n"
							    "each recipient was "
							    "rejected.\n\n    Recipient: "
							    "<alice@example.net>\n"
							    "    Reason:    <550> "
							    "<alice@example.net>: User "
							    "unknown\n",
		"bounce hard alice@example.net failed\n" },
	{ "Messaging Server",
		DAEMON("Delivery Notification: Delivery has failed") "This report "
								     "relates to a "
								     "message you sent "
								     "with the following "
								     "header fields:\n\n"
								     "  Message-id: "
								     "<1@example.org>\n  "
								     "From: "
								     "sender@example."
								     "org\n"
								     "  To: "
								     "alice@example."
								     "net\n\nYour "
								     "message cannot be "
								     "delivered to the "
								     "following "
								     "recipients:\n\n  "
								     "Recipient address: "
								     "alice@example.net\n"
								     "  Reason: Remote "
								     "SMTP server has "
								     "rejected address\n"
								     "  Diagnostic code: "
								     "smtp;550 5.1.1 "
								     "<alice@example.net>"
								     "... User Unknown\n",
		"bounce hard alice@example.net failed\n" },
	{ "Zoho",
		DAEMON("Undelivered Mail Returned to Sender") "This message was created "
							      "automatically by mail "
							      "delivery software.\n"
							      "A message that you sent "
							      "could not be delivered to "
							      "one or more of its\n"
							      "recipients. This is a "
							      "permanent error. \n\n"
							      "alice@example.net Invalid "
							      "Address, ERROR_CODE :550, "
							      "ERROR_CODE :5.1.1 "
							      "<alice@example.net>... "
							      "User "
							      "Unknown\n\n\nReceived:"
							      "from mx.example.com\n"
							      "To:<alice@example.net>\n",
		"bounce hard alice@example.net failed\n" },
	{ "GMX",
		DAEMON("Mail delivery failed: returning message to sender") "This "
									    "message was "
									    "created "
									    "automaticall"
									    "y by mail "
									    "delivery "
									    "software."
									    "\n\n"
									    "A message "
									    "that you "
									    "sent could "
									    "not be "
									    "delivered "
									    "to one or "
									    "more of\n"
									    "its "
									    "recipients. "
									    "This is a "
									    "permanent "
									    "error. The "
									    "following "
									    "address\nfai"
									    "led:\n\n"
									    "\"alice@"
									    "example."
									    "net\":"
									    "\nSMTP "
									    "error from "
									    "remote "
									    "server "
									    "after RCPT "
									    "command:\n"
									    "host: "
									    "mx.example."
									    "net\n5.1.1 "
									    "<alice@"
									    "example.net>"
									    "... User "
									    "Unknown\n\n"
									    "\n"
									    "--- The "
									    "header of "
									    "the "
									    "original "
									    "message is "
									    "following. "
									    "---"
									    "\n"
									    "\n" RETURNED,
		"bounce hard alice@example.net failed\n" },
	{ "WorkMail, fields in the text",
		DAEMON("Delivery Status Notification (Failure)") "An error occurred "
								 "while trying to "
								 "deliver the mail to "
								 "the following "
								 "recipients:\nalice@"
								 "example."
								 "net\n\nTechnical "
								 "report:\n\n"
								 "Reporting-MTA: dsn; "
								 "mx.example."
								 "com\n\nAction: failed\n"
								 "Final-Recipient: "
								 "rfc822; "
								 "alice@example.net\n"
								 "Diagnostic-Code: smtp; "
								 "550 5.1.1 No such "
								 "user\nStatus: 5.1.1\n",
		"bounce hard alice@example.net failed\n" },
	{ "MailEnable",
		DAEMON("Message Delivery Failure") "The following message could not be "
						   "delivered.\n"
						   "Message could not be delivered to "
						   "some recipients.\n"
						   "The following recipient(s) could not "
						   "be reached:\n\n"
						   "\tRecipient: "
						   "[SMTP:alice@example.net]\n\tReason: "
						   "Remote SMTP Server Returned: "
						   "550 No such user here\n\nMessage "
						   "headers follow:\n" RETURNED,
		"bounce hard alice@example.net failed\n" },
	{ "Smail",
		DAEMON("mail failed, returning to sender") "|------------------------- "
							   "Message log follows: "
							   "-------------------------|\n"
							   " no valid recipients were "
							   "found for this message\n"
							   "|------------------------- "
							   "Failed addresses follow: "
							   "---------------------|\n"
							   " <alice@example.net> ... "
							   "unknown host\n"
							   "|------------------------- "
							   "Message text follows: "
							   "------------------------|"
							   "\n" RETURNED,
		"bounce hard alice@example.net failed\n" },
	{ "Mail2000",
		DAEMON("Returned Mail: User unknown") "The original message was received "
						      "at Mon, 3 Nov 2025 10:00:00 "
						      "+0000\n"
						      "from sender@example.org\n\n---The "
						      "following addresses had delivery "
						      "errors---\n\n"
						      "alice@example.net [User "
						      "unknown]\n",
		"bounce hard alice@example.net failed\n" },
	{ "KDDI",
		DAEMON("Mail") "Your mail sent on: Mon, 3 Nov 2025 10:00:00 +0900 \n"
			       "     Could not be delivered to: <alice@example.net> \n"
			       "     As their mailbox is full.\n",
		"bounce soft alice@example.net failed\n" },
	{ "X6",
		DAEMON("There was an error sending your mail") "We had trouble "
							       "delivering your message. "
							       "Full details follow:\n\n"
							       "Subject: 'hello'\nDate: "
							       "'Mon, 3 Nov 2025 "
							       "10:00:00 +0000'\n\n1 "
							       "error(s):\n\n"
							       "SMTP Server "
							       "<mx.example.net> "
							       "rejected recipient "
							       "<alice@example.net> "
							       "(Error "
							       "following RCPT command). "
							       "It responded as follows: "
							       "[550 5.1.1 unknown "
							       "user]\n\n",
		"bounce hard alice@example.net failed\n" },
	{ "Mail.ru",
		DAEMON("Mail failure.") "Это письмо создано автоматически сервером "
					"Mail.Ru, отвечать на него не нужно.\n\n"
					"К сожалению, Ваше письмо не может быть "
					"доставлено одному или нескольким "
					"получателям:\n\n  alice@example.net\n    SMTP "
					"error from remote mail server after "
					"RCPT TO:<alice@example.net>:\n    550 5.1.1 "
					"User unknown\n\n"
					"Рекомендуем Вам проверить корректность указания "
					"адресов получателей.\n",
		"bounce hard alice@example.net failed\n" },
	{ "an unknown system, German",
		DAEMON("Unzustellbar: hallo") "Ihre Nachricht an alice@example.net "
					      "konnte nicht zugestellt werden.\n"
					      "550 5.1.1 User unknown\n",
		"bounce hard alice@example.net failed\n" },
	{ "an unknown system, the address in a sentence",
		DAEMON("Delivery failure") "Sorry, but nobody here is called bob. The "
					   "mailbox alice@example.net\n"
					   "does not exist. Ask postmaster.\n",
		"bounce hard alice@example.net failed\n" },
	{ "an unknown system, only the returned message names it",
		DAEMON("Delivery failure") "Your message could not be delivered: no such "
					   "user.\n\n"
					   "----- Original message -----\n" RETURNED,
		"bounce hard somebody@example.net failed\n" },
	{ "what is returned is a bounce itself",
		DAEMON("failure notice") "Hi. This is the qmail-send program at "
					 "mx.example.com.\n"
					 "I'm afraid I wasn't able to deliver your "
					 "message to the following addresses.\n\n"
					 "<alice@example.net>:\nRemote host said: 550 "
					 "5.1.1 no such user\n\n"
					 "--- Below this line is a copy of the "
					 "message.\n\n"
					 "Return-Path: <>\nSubject: failure notice\n\n"
					 "<bob@example.net>:\nRemote host said: 550 "
					 "5.1.1 no such user\n",
		"bounce hard alice@example.net failed\n" },
	{ "a person who cites a bounce",
		"Return-Path: <helen@example.org>\nFrom: Helen <helen@example.org>\n"
		"To: sender@example.org\nSubject: Re: failure notice\n\nWhat is this?\n\n"
		"> Hi. This is the qmail-send program at mx.example.com.\n"
		"> I'm afraid I wasn't able to deliver your message to the following "
		"addresses.\n"
		"> <alice@example.net>:\n> 550 no such user\n",
		"" },
	{ "a person who writes of one",
		"Return-Path: <helen@example.org>\nFrom: Helen <helen@example.org>\n"
		"To: sender@example.org\nSubject: our list\n\n"
		"My mail to alice@example.net could not be delivered: user unknown. Any "
		"idea?\n",
		"" },
	{ "Sendmail, whose own words are no reason",
		DAEMON("Returned mail: see transcript for details") "   ----- The "
								    "following addresses "
								    "had permanent fatal "
								    "errors -----\n"
								    "<alice@example.net>"
								    "\n\n   ----- "
								    "Transcript of "
								    "session follows "
								    "-----\n"
								    "... while talking "
								    "to "
								    "mx.example.net.:\n>>"
								    "> RCPT "
								    "To:<alice@example."
								    "net>\n"
								    "<<< 550 Blocked by "
								    "our list\n"
								    "550 5.1.1 "
								    "<alice@example.net>."
								    ".. User unknown\n",
		"bounce policy alice@example.net failed\n" },
	{ "Sendmail, with the reply to RCPT behind DATA",
		DAEMON("Returned mail: see transcript for details") "   ----- The "
								    "following addresses "
								    "had permanent fatal "
								    "errors -----\n"
								    "<alice@example.net>"
								    "\n\n   ----- "
								    "Transcript of "
								    "session follows "
								    "-----\n"
								    "... while talking "
								    "to "
								    "mx.example.net.:\n>>"
								    "> DATA\n"
								    "<<< 550 mailbox "
								    "unavailable\n"
								    "550 5.1.1 "
								    "<alice@example.net>."
								    ".. User "
								    "unknown\n<<< 503 "
								    "need RCPT\n",
		"bounce hard alice@example.net failed\n" },
	{ "a session with the time before each line",
		DAEMON("Message Delivery Failure") "Failed address: "
						   "alice@example.net\n\n--- Session "
						   "Transcript ---\n"
						   " Tue 2025-03-04 09:12:03: --> MAIL "
						   "From:<sender@example.org>\n"
						   " Tue 2025-03-04 09:12:03: <-- 250 "
						   "ok\n"
						   " Tue 2025-03-04 09:12:03: --> RCPT "
						   "To:<alice@example.net>\n"
						   " Tue 2025-03-04 09:12:03: <-- 550 "
						   "5.1.1 unknown\n",
		"bounce hard alice@example.net failed\n" },
	{ "an address in a Chinese text",
		DAEMON("=?utf-8?B?6YCA5L+h6YCa55+l?=") "\xe6\x82\xa8\xe5\x8f\x91\xe7\xbb"
						       "\x99"
						       "alice@example.net"
						       "\xe7\x9a\x84\xe9\x82\xae\xe4\xbb"
						       "\xb6\xe8\xa2\xab\xe9\x80\x80\xe5"
						       "\x9b\x9e"
						       "\n\xe7\x94\xa8\xe6\x88\xb7\xe4"
						       "\xb8\x8d\xe5\xad\x98\xe5\x9c\xa8"
						       "\n",
		"bounce hard alice@example.net failed\n" },
	{ "a reply of itself in Cyrillic capitals",
		"Return-Path: <alice@example.net>\nFrom: alice@example.net\n"
		"To: sender@example.org\nSubject: \xd0\x90\xd0\x92\xd0\xa2\xd0\x9e"
		"\xd0\x9e\xd0\xa2\xd0\x92\xd0\x95\xd0\xa2: hello\n\nhello\n",
		"auto auto alice@example.net \n" },
	{ "a person who asks",
		"Return-Path: <helen@example.org>\nFrom: Helen <helen@example.org>\n"
		"To: sender@example.org\nSubject: Mail delivery problem?\n\n"
		"My mail to alice@example.net came back: delivery failed.\n",
		"" },
	{ "a shop, about a parcel",
		"Return-Path: <noreply@example.com>\nFrom: Shop <noreply@example.com>\n"
		"To: sender@example.org\nSubject: Delivery failed\n\n"
		"Your parcel could not be delivered. Ask help@example.com.\n",
		"" },
	{ "a daemon that counts, and names who helps",
		"Return-Path: <postmaster@example.com>\nFrom: postmaster@example.com\n"
		"To: sender@example.org\nSubject: Report of March\n\n"
		"We refused 12 mails, for unknown users. Ask help@example.com.\n",
		"" },
};

static void reads_formats(void **state)
{
	(void)state;
	reports_check(cases, COUNT(cases));
}

static void refuses_bad_tables(void **state)
{
	static const struct {
		const char *name, *text, *want;
	} tables[] = {
		{ "before a format", "\nsee x\n",
			"t:2: \"see x\": this belongs below a line \"format\"" },
		{ "no name", "format any\nformat\n",
			"t:2: \"\": a format has a name of 1 to 23 bytes" },
		{ "word", "format any\nsaw x\n",
			"t:2: \"saw\": there is no such word here" },
		{ "shape", "format any\nshape angle square\n",
			"t:2: \"square\": there is no such word here" },
		{ "seen twice", "format x\nsee a b\nformat y\nsee A  B\n",
			"t:4: \"a b\": an earlier format is seen by this" },
		{ "no text", "format any\nsee\n",
			"t:2: \"\": the text has 1 to 159 bytes" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(tables); i++) {
		const struct table_file own = { "t", span_of(tables[i].text) };
		struct error error = ERROR_NONE;

		assert_null(formats_new(&own, &error));
		CASE_EQUAL_TEXT(tables[i].name, error.text, tables[i].want);
	}
}

/* ---- each row of the table ---- */

static const char *const mark_names[MARK_COUNT] = { "see", "label", "after", "list",
	"stop", "cause", "delay", "end", "heading", "sign", "subject", "away", "notice",
	"daemon", "machine" };

static size_t find_format(const struct formats *formats, struct span name)
{
	size_t i = 0;

	while (!span_is(name, formats_at(formats, i)->name))
		i++;
	return i;
}

/* In a text that has it with another white space, and in the middle of others. */
static bool is_found(
	const struct formats *formats, struct span row, size_t format, enum mark mark)
{
	char text[512], simple[512], *space;
	uint32_t map[513];
	struct automaton_walk walk = { .text = simple };
	size_t word, end, size;
	bool found = false;

	size = (size_t)snprintf(
		text, sizeof(text), "xyz,\n %.*s\n xyz", (int)row.size, row.text);
	space = strchr(text + 6, ' ');
	if (space != NULL)
		*space = '\t';
	walk.size = formats_simplify((struct span){ text, size }, simple, map);
	while (automaton_next(formats_automaton(formats), &walk, &word, &end)) {
		size_t from = end - formats_word_length(formats, word);

		found = found || (formats_marks(formats, word, format, mark) &&
					 formats_begins_word(simple, from) &&
					 formats_word_length(formats, word) == row.size);
	}
	return found;
}

static char *read_table(void)
{
	enum { TABLE_MAX = 1 << 20 };
	const char *source = getenv("srcdir");
	char *path = xasprintf("%s/feedback/formats.txt", source == NULL ? "." : source);
	char *text = xmalloc(TABLE_MAX + 1);
	FILE *file = fopen(path, "rb");

	if (file == NULL)
		fail_msg("%s cannot be read", path);
	text[fread(text, 1, TABLE_MAX, file)] = '\0';
	fclose(file);
	free(path);
	return text;
}

static void every_row_is_found(void **state)
{
	const struct formats *formats = classifier_formats(reports_classifier());
	char *table = read_table();
	struct span rest = span_of(table), line;
	size_t format = 0, number = 0, rows = 0, lost = 0;

	(void)state;
	while (span_line(&rest, &line)) {
		struct span word, row;

		number++;
		line = span_trim(line);
		word = line;
		for (size_t i = 0; i < word.size; i++)
			if (is_blank(word.text[i]))
				word.size = i;
		row = span_trim(span_skip(line, word.size));
		if (span_is(word, "format"))
			format = find_format(formats, row);
		for (int mark = 0; mark < MARK_COUNT; mark++) {
			if (!span_is(word, mark_names[mark]))
				continue;
			rows++;
			if (is_found(formats, row, format, (enum mark)mark))
				continue;
			print_error("formats.txt:%zu: nothing can have \"%.*s\"\n",
				number, (int)row.size, row.text);
			lost++;
		}
	}
	free(table);
	assert_int_equal(lost, 0);
	assert_in_range(rows, 500, 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_formats),
		cmocka_unit_test(refuses_bad_tables),
		cmocka_unit_test(every_row_is_found),
	};

	return cmocka_run_group_tests(tests, reports_open, reports_close);
}
