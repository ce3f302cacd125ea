#include "models/vits/spline.h"

#include <math.h>

/* What a bin and a slope have at least. */
static const double LEAST = 1e-3;

/* knots[bins + 1]: from -bound to bound, apart as the softmax of x says. */
static void place_knots(double *knots, const float *x, int bins, double bound, double scale)
{
    double most = -INFINITY, total = 0, sum = 0, share[SPLINE_BINS];
    for (int i = 0; i < bins; i++)
        most = fmax(most, (double)x[i]);
    for (int i = 0; i < bins; i++)
        total += share[i] = exp(((double)x[i] - most) * scale);
    knots[0] = -bound;
    for (int i = 0; i < bins; i++) {
        sum += LEAST + (1 - LEAST * bins) * share[i] / total;
        knots[i + 1] = 2 * bound * sum - bound;
    }
    knots[bins] = bound;
}

/* At knot i of bins + 1: learned between the bins, 1 at both ends, where the identity begins. */
static double slope_at(const float *x, int bins, int i)
{
    if (i == 0 || i == bins)
        return 1;
    const double value = (double)x[i - 1];
    return LEAST + (value > 20 ? value : log1p(exp(value)));
}

static int bin_of(const double *knots, int bins, double y)
{
    int bin = 0;
    while (bin + 1 < bins && y >= knots[bin + 1])
        bin++;
    return bin;
}

float spline_inverse(float value, const float *parameters, int bins, float bound, float scale)
{
    const double y = (double)value;
    double x[SPLINE_BINS + 1], ys[SPLINE_BINS + 1];
    if (!(fabs(y) <= (double)bound))
        return value;
    place_knots(x, parameters, bins, (double)bound, (double)scale);
    place_knots(ys, parameters + bins, bins, (double)bound, (double)scale);
    const int bin = bin_of(ys, bins, y);
    const double width = x[bin + 1] - x[bin], height = ys[bin + 1] - ys[bin], delta = height / width;
    const double from = slope_at(parameters + 2 * bins, bins, bin), to = slope_at(parameters + 2 * bins, bins, bin + 1);
    const double above = y - ys[bin], bend = above * (from + to - 2 * delta);
    const double a = height * (delta - from) + bend, b = height * from - bend, c = -delta * above;
    const double root = 2 * c / (-b - sqrt(fmax(b * b - 4 * a * c, 0)));
    return (float)(root * width + x[bin]);
}
