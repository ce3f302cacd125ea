/* spline.h - the rational-quadratic spline of a duration predictor's flow, backwards (Durkan et al. 2019, arXiv
 * 1906.04032, section 3.1 and appendix A.3). It runs on the host: a few hundred values for a sentence, each with a
 * search of its own bin, between two products on the device. */
#ifndef MODELS_VITS_SPLINE_H
#define MODELS_VITS_SPLINE_H

enum { SPLINE_BINS = 64 }; /* at most */

/* Numbers that describe the spline of one value: bins widths, bins heights and the slopes at the bins - 1 knots between
 * them, all before their softmax or softplus. */
static inline int spline_parameters(int bins)
{
    return 3 * bins - 1;
}

/* The x that the spline maps to y; outside [-bound, bound] the spline is the identity. scale: what widths and heights
 * are multiplied by before their softmax. */
float spline_inverse(float y, const float *parameters, int bins, float bound, float scale);

#endif
