#include "src/boosting.h"

#include "decoder/boost_list.h"
#include "src/base/mapping.h"
#include "src/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Natural log for a letter; chosen on the development set (docs/benchmarks.md). */
static const double BESIDE_A_LANGUAGE_MODEL = 1.5, ALONE = 0.8;

static double weight_of(const struct utter_decoding_params *p, const struct fusion *fusion)
{
    return p->boost_weight > 0.0 ? p->boost_weight : fusion ? BESIDE_A_LANGUAGE_MODEL : ALONE;
}

static int open_file(struct boost **boost, struct spotting **spotting, const struct utter_decoding_params *p,
                     const struct spelling *spelling, const struct fusion *fusion, struct fault *fault)
{
    struct boost_list list;
    char name[FAULT_MESSAGE_SIZE];
    if (boost_list_read(&list, p->boost, fault))
        return fault->code;
    snprintf(name, sizeof name, "%s, line", path_for_message(p->boost));
    int code = boost_open(boost, spelling, fusion, list.phrases, list.count, weight_of(p, fusion), name, fault);
    if (!code && spotting)
        code = spotting_open(spotting, spelling, *boost, list.phrases, list.count, fault);
    boost_list_free(&list);
    return code;
}

static int open_array(struct boost **boost, struct spotting **spotting, const struct utter_decoding_params *p,
                      const struct spelling *spelling, const struct fusion *fusion, struct fault *fault)
{
    struct boost_phrase *phrases = memory_new(p->boost_phrase_count, sizeof *phrases);
    if (!phrases)
        return fail_memory(fault, "a list of phrases");
    for (size_t i = 0; i < p->boost_phrase_count; i++) {
        const struct utter_boost_phrase *given = &p->boost_phrases[i];
        const char *text = given->text ? given->text : "";
        phrases[i] = (struct boost_phrase){text, strlen(text), given->weight, i + 1};
    }
    int code = boost_open(boost, spelling, fusion, phrases, p->boost_phrase_count, weight_of(p, fusion), "boost phrase",
                          fault);
    if (!code && spotting)
        code = spotting_open(spotting, spelling, *boost, phrases, p->boost_phrase_count, fault);
    free(phrases);
    return code;
}

int boosting_open(struct boost **boost, struct spotting **spotting, const struct utter_decoding_params *p,
                  const struct spelling *spelling, const struct fusion *fusion, struct fault *fault)
{
    *boost = NULL;
    if (!(p->boost_weight >= 0.0 && p->boost_weight <= BOOST_WEIGHT_MOST))
        return fail(fault, UTTER_ERROR_ARGUMENT, "boost_weight is %g, and must be 0 to %g", p->boost_weight,
                    BOOST_WEIGHT_MOST);
    if (!p->boost_phrases != !p->boost_phrase_count)
        return fail(fault, UTTER_ERROR_ARGUMENT, "boost_phrases and boost_phrase_count do not fit together");
    if (p->boost && p->boost_phrases)
        return fail(fault, UTTER_ERROR_ARGUMENT, "boost and boost_phrases are both set, and only one list can be");
    if (p->boost)
        return open_file(boost, spotting, p, spelling, fusion, fault);
    return p->boost_phrases ? open_array(boost, spotting, p, spelling, fusion, fault) : 0;
}
