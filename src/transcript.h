/* transcript.h - segments gathered into what utter_transcribe returns. */
#ifndef SRC_TRANSCRIPT_H
#define SRC_TRANSCRIPT_H

#include "src/dropped.h"
#include "src/nbest.h"
#include "src/redacted.h"
#include "src/segment.h"

struct transcript; /* begins with the public struct, which is what the caller holds */

/* language and warning are copied. Errors: MEMORY. */
int transcript_open(struct transcript **transcript, const char *language, const char *warning, struct fault *fault);
/* Takes all segments of the queue over, in order of start, then channel. Errors: MEMORY, with the queue untouched. */
int transcript_fill(struct transcript *transcript, struct segment_queue *segments, struct fault *fault);
int transcript_fill_dropped(struct transcript *transcript, struct dropped_queue *dropped, struct fault *fault);
int transcript_fill_nbest(struct transcript *transcript, struct nbest_queue *nbest, struct fault *fault);
/* redacted may be NULL; duration: of the recording, seconds, which nothing redacted reaches beyond. */
int transcript_fill_redacted(struct transcript *transcript, struct redacted_queue *redacted, double duration,
                             struct fault *fault);
struct utter_transcript *transcript_public(struct transcript *transcript);

#endif
