#include "cli/lines.h"

#include <string.h>

enum line_end lines_next(struct lines *lines, char line[LINE_SIZE + 1], size_t *length)
{
	int byte = EOF;

	for (*length = 0; *length < LINE_SIZE; line[(*length)++] = (char)byte) {
		byte = getc(lines->from);
		if (byte == EOF || byte == '\n')
			break;
	}
	line[*length] = '\0';
	lines->bytes += (int64_t)*length + 1;
	if (byte == EOF && *length == 0)
		return LINE_NONE;
	lines->number++;
	if (byte == EOF || byte == '\n')
		return LINE_WHOLE;
	/* Exactly LINE_SIZE bytes are still fine. */
	byte = getc(lines->from);
	if (byte == EOF || byte == '\n')
		return LINE_WHOLE;
	ungetc(byte, lines->from);
	return LINE_TOO_LONG;
}

int lines_rest(struct lines *lines)
{
	int byte = getc(lines->from);

	if (byte == EOF || byte == '\n')
		return EOF;
	lines->bytes++;
	return byte;
}

char *lines_trim(const struct lines *lines, char *line)
{
	static const char blanks[] = " \t\r", byte_order_mark[] = "\xEF\xBB\xBF";
	size_t length;

	if (lines->number == 1 &&
		strncmp(line, byte_order_mark, strlen(byte_order_mark)) == 0)
		line += strlen(byte_order_mark);
	line += strspn(line, blanks);
	length = strlen(line);
	while (length > 0 && strchr(blanks, line[length - 1]) != NULL)
		line[--length] = '\0';
	return line;
}
