#include "feedback/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "feedback/utf8.h"

/*
 * What mail calls a set, and what iconv does: always the larger set of the
 * same family, for that is what is sent.  A NULL is UTF-8, which is checked
 * here.
 */
static const struct {
	const char *name, *iconv;
} charsets[] = {
	{ "utf-8", NULL },
	{ "us-ascii", NULL },
	{ "utf8", NULL },
	{ "ascii", NULL },
	{ "iso-8859-1", "CP1252" },
	{ "iso-2022-jp", "ISO-2022-JP" },
	{ "iso-8859-2", "ISO-8859-2" },
	{ "iso-8859-3", "ISO-8859-3" },
	{ "iso-8859-4", "ISO-8859-4" },
	{ "iso-8859-5", "ISO-8859-5" },
	{ "iso-8859-6", "ISO-8859-6" },
	{ "iso-8859-7", "ISO-8859-7" },
	{ "iso-8859-8", "ISO-8859-8" },
	{ "iso-8859-8-i", "ISO-8859-8" },
	{ "iso-8859-9", "CP1254" },
	{ "iso-8859-10", "ISO-8859-10" },
	{ "iso-8859-13", "ISO-8859-13" },
	{ "iso-8859-14", "ISO-8859-14" },
	{ "iso-8859-15", "ISO-8859-15" },
	{ "iso-8859-16", "ISO-8859-16" },
	{ "iso-2022-kr", "ISO-2022-KR" },
	{ "latin1", "CP1252" },
	{ "cp1252", "CP1252" },
	{ "windows-1250", "CP1250" },
	{ "windows-1251", "CP1251" },
	{ "windows-1252", "CP1252" },
	{ "windows-1253", "CP1253" },
	{ "windows-1254", "CP1254" },
	{ "windows-1255", "CP1255" },
	{ "windows-1256", "CP1256" },
	{ "windows-1257", "CP1257" },
	{ "windows-1258", "CP1258" },
	{ "windows-874", "CP874" },
	{ "tis-620", "CP874" },
	{ "koi8-r", "KOI8-R" },
	{ "koi8-u", "KOI8-U" },
	{ "cp866", "CP866" },
	{ "macintosh", "MACINTOSH" },
	{ "shift_jis", "CP932" },
	{ "shift-jis", "CP932" },
	{ "sjis", "CP932" },
	{ "x-sjis", "CP932" },
	{ "windows-31j", "CP932" },
	{ "cp932", "CP932" },
	{ "euc-jp", "EUC-JP" },
	{ "gb2312", "GB18030" },
	{ "gbk", "GB18030" },
	{ "gb18030", "GB18030" },
	{ "big5", "CP950" },
	{ "euc-kr", "CP949" },
	{ "ks_c_5601-1987", "CP949" },
	{ "utf-16", "UTF-16" },
	{ "utf-7", "UTF-7" },
	{ "unicode-1-1-utf-7", "UTF-7" },
};
enum { CHARSETS = sizeof(charsets) / sizeof(charsets[0]) };

static const char replacement[] = "\xef\xbf\xbd";

/* The length of the run of printing ASCII at the start, mostly the whole. */
static size_t ascii_run(struct span text)
{
	size_t i = 0;
	uint64_t eight;

	for (; i + 8 <= text.size; i += 8) {
		memcpy(&eight, text.text + i, 8);
		/* The high bit of a byte of 0x80 and above, or of NUL. */
		if (((eight | (eight - UINT64_C(0x0101010101010101))) &
			    UINT64_C(0x8080808080808080)) != 0)
			break;
	}
	while (i < text.size && text.text[i] != '\0' &&
		(unsigned char)text.text[i] < 0x80)
		i++;
	return i;
}

/* False, with nothing added, when STRICT is set and FROM is no UTF-8. */
static bool add_utf8(struct buffer *to, struct span from, bool strict)
{
	size_t before = to->size;

	while (from.size > 0) {
		size_t length = ascii_run(from);

		if (length == 0)
			length = from.text[0] == '\0' ? 0
						      : utf8_length(from.text, from.size);
		if (length == 0 && from.text[0] != '\0' && strict) {
			to->size = before;
			return false;
		}
		if (length > 0)
			buffer_add(to, from.text, length);
		else
			buffer_add(to, from.text[0] == '\0' ? " " : replacement,
				from.text[0] == '\0' ? 1 : 3);
		from = span_skip(from, length == 0 ? 1 : length);
	}
	return true;
}

/* NULL for UTF-8 and for what is in no table. */
static const char *iconv_name(struct span name)
{
	name = span_trim(name);
	for (size_t i = 0; i < CHARSETS; i++)
		if (span_is(name, charsets[i].name))
			return charsets[i].iconv;
	return NULL;
}

/*
 * glibc loads a set's module at iconv_open() and throws it out again at the last
 * iconv_close(), which took a tenth of all time.  So the first converter of each
 * set is never closed, nor used.
 */
static void keep_module(const char *charset)
{
	static _Atomic(iconv_t) kept[CHARSETS];
	iconv_t none = NULL, converter;
	size_t i = 0;

	while (charsets[i].iconv == NULL || strcmp(charsets[i].iconv, charset) != 0)
		i++;
	if (atomic_load(&kept[i]) != NULL)
		return;
	converter = iconv_open("UTF-8", charset);
	if (converter != (iconv_t)-1 &&
		!atomic_compare_exchange_strong(&kept[i], &none, converter))
		iconv_close(converter);
}

/* False when this machine's iconv has no such set. */
static bool convert(struct buffer *to, struct span from, const char *charset)
{
	iconv_t converter;
	/* iconv(3) takes no const, and does not write there. */
	char *in = (char *)(uintptr_t)from.text, *out;
	size_t left = from.size, room, start = to->size;

	keep_module(charset);
	converter = iconv_open("UTF-8", charset);
	if (converter == (iconv_t)-1)
		return false;
	while (left > 0) {
		size_t result;

		out = buffer_reserve(to, left * 3 / 2 + 16);
		room = to->room - to->size;
		result = iconv(converter, &in, &left, &out, &room);
		to->size = (size_t)(out - to->bytes);
		if (result != (size_t)-1 || errno == E2BIG)
			continue;
		/* A wrong byte, or a character that the end cuts. */
		buffer_add(to, replacement, 3);
		in++;
		left--;
	}
	iconv_close(converter);
	for (char *nul = memchr(to->bytes + start, '\0', to->size - start); nul != NULL;
		nul = memchr(nul, '\0', (size_t)(to->bytes + to->size - nul)))
		*nul = ' ';
	return true;
}

void charset_to_utf8(struct buffer *to, struct span from, struct span name)
{
	const char *charset;

	if (from.size == 0)
		return;
	charset = iconv_name(name);
	/* Japanese of seven bits comes without its label. */
	if (charset == NULL && memchr(from.text, '\033', from.size) != NULL &&
		(span_find(from, "\033$B") >= 0 || span_find(from, "\033$@") >= 0))
		charset = "ISO-2022-JP";
	/* All but these have ASCII for their lower half. */
	if (charset != NULL && strncmp(charset, "ISO-2022", 8) != 0 &&
		strncmp(charset, "UTF-", 4) != 0 && ascii_run(from) == from.size)
		charset = NULL;
	if (charset != NULL && convert(to, from, charset))
		return;
	if (!add_utf8(to, from, charset == NULL) && !convert(to, from, "CP1252"))
		add_utf8(to, from, false);
}
