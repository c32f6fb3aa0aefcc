#include "policy/row.h"

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

bool row_is_kept(const struct row *row, int64_t now_us)
{
	return row->until_us > now_us;
}

bool row_add(struct row *row, int64_t happened_us)
{
	if (row->last_us != 0 && happened_us < row->last_us + ROW_APART_US)
		return false;
	row->row++;
	row->last_us = happened_us;
	row->until_us = later(row->until_us, happened_us + ROW_KEPT_US);
	return true;
}

/* EXPIRE_US, doubled for each time but the first. */
static int64_t doubled(int64_t expire_us, int64_t times)
{
	int64_t most_us = later(expire_us, EXPIRE_MAX_US), span_us = expire_us;

	for (int64_t i = 1; i < times && span_us < most_us; i++)
		span_us *= 2;
	return span_us < most_us ? span_us : most_us;
}

int64_t row_put(struct row *row, int64_t expire_us, int64_t happened_us)
{
	int64_t end_us = 0;

	if (happened_us >= row->end_us)
		row->times++;
	row->last_us = later(row->last_us, happened_us);
	if (expire_us != 0)
		end_us = happened_us + doubled(expire_us, row->times);
	row->end_us = later(row->end_us, end_us);
	row->until_us = later(row->until_us, later(end_us, happened_us) + ROW_KEPT_US);
	return end_us;
}

bool row_ends(const struct row *row, int64_t happened_us)
{
	return happened_us >= row->last_us;
}
