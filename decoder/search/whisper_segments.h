/* whisper_segments.h - a window's tokens to segments, and its words to times by dynamic time warping over the
 * cross-attention (openai/whisper's timing.py; DTW: Sakoe and Chiba 1978). */
#ifndef DECODER_WHISPER_SEGMENTS_H
#define DECODER_WHISPER_SEGMENTS_H

#include "decoder/search/whisper_search.h"
#include "decoder/search/words.h"

/* Tokens [first, first + count) of a hypothesis, timestamps included; seconds from the beginning of the window. */
struct whisper_segment {
    size_t first, count;
    double start, end;
};
struct whisper_segment_list {
    struct whisper_segment *segments;
    size_t count;
    double seek; /* seconds to go on by: the last complete pair of timestamps, or the whole window */
};
/* Cuts at consecutive timestamps as openai/whisper's transcribe() does; segments of no length or no text are left out.
 * duration: seconds of sound in the window. Errors: MEMORY. Freed with whisper_segments_free. */
int whisper_segments(const struct whisper_vocabulary *vocabulary, const struct whisper_hypothesis *hypothesis,
                     double duration, struct whisper_segment_list *out, struct fault *fault);
void whisper_segments_free(struct whisper_segment_list *list);

/* Words of the text tokens of a hypothesis (timestamps skipped), split at spaces, or for languages without spaces (zh,
 * ja, th, lo, my, yue) at every whole character; punctuation joins its neighbour. */
struct whisper_words_params {
    const char *language;    /* code; NULL: "en" */
    double duration;         /* seconds of sound in the window: no word ends later */
    double position_seconds; /* between two positions of the encoder: 0.02 */
    /* [heads, rows, positions] as whisper_attend gives them for the sequence sot…, text tokens, eot; NULL: times are
     * spread over the segments in proportion to the length of the words. */
    const float *attention;
    int heads, rows, positions, skip; /* skip: tokens before the first text token */
};
/* Word times are monotonic and inside [0, duration]; confidence: the geometric mean of the tokens' probabilities;
 * joined and opens are set. Errors: MEMORY. Freed with words_free. */
int whisper_words(const struct whisper_vocabulary *vocabulary, const struct whisper_hypothesis *hypothesis,
                  const struct whisper_segment_list *segments, const struct whisper_words_params *params,
                  struct word_list *out, struct fault *fault);

#endif
