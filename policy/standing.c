#include "policy/standing.h"

#include <math.h>

/*
 * The z below which a standard normal variable stays with PROBABILITY, by
 * bisection: the distribution is erfc(-z / sqrt(2)) / 2 and grows.  Sixty
 * halvings of [0, 8] are below the precision of a double; this is asked once
 * a report, so a rational approximation would save nothing that counts.
 */
static double normal_quantile(double probability)
{
	double low = 0, high = 8;

	for (int i = 0; i < 60; i++) {
		double middle = (low + high) / 2;

		if (erfc(-middle / sqrt(2)) / 2 < probability)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

double rate_percent(int64_t part, int64_t whole)
{
	if (part <= 0 || whole <= 0)
		return 0;
	return 100.0 * (double)part / (double)whole;
}

double rate_lower_bound(int64_t part, int64_t whole, double confidence)
{
	double n = (double)whole, z, rate, centre, margin;

	if (part <= 0 || whole <= 0)
		return 0;
	/* Reports may come in about mail from before the time that is looked at. */
	rate = part < whole ? (double)part / n : 1;
	z = normal_quantile(confidence);
	centre = rate + z * z / (2 * n);
	margin = z * sqrt(rate * (1 - rate) / n + z * z / (4 * n * n));
	return 100 * fmax(0, (centre - margin) / (1 + z * z / n));
}
