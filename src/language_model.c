#include "src/language_model.h"

#include "src/base/mapping.h"
#include "src/base/memory.h"
#include "src/message.h"

#include <stdio.h>
#include <stdlib.h>

struct language_model {
    struct mapping mapping;
    struct ngram *ngram;
    struct ngram_prefix *starts;
    uint32_t *pieces;
    struct spelling *prose; /* of the tokens, as the model reads it; NULL: it reads what they write */
    struct fusion fusion;
};

static int open_prose(struct language_model *m, const struct spelling *spelling, struct fault *fault)
{
    if (!spelling_open_prose(&m->prose, spelling, fusion_letters(m->ngram), fault))
        m->fusion = (struct fusion){.spelling = m->prose, .ngram = m->ngram, .prose = true};
    return fault->code;
}

static int open_fusion(struct language_model *m, const struct spelling *spelling, bool prose, struct fault *fault)
{
    if (fusion_pieces(&m->pieces, spelling, m->ngram, fault))
        return fault->code;
    if (prose && !m->pieces)
        return open_prose(m, spelling, fault);
    m->starts = fusion_starts(spelling, m->ngram);
    if (!m->starts)
        return fail_memory(fault, "a language model");
    m->fusion = (struct fusion){.spelling = spelling, .ngram = m->ngram, .starts = m->starts, .pieces = m->pieces};
    return 0;
}

int language_model_open(struct language_model **model, const char *path, const struct spelling *spelling, bool prose,
                        struct fault *fault)
{
    struct language_model *m = memory_new(1, sizeof *m);
    if (!m)
        return fail_memory(fault, "a language model");
    if (!mapping_open(&m->mapping, path, fault) &&
        !ngram_open(&m->ngram, m->mapping.data, m->mapping.size, path_for_message(path), fault))
        open_fusion(m, spelling, prose, fault);
    if (fault->code)
        language_model_close(&m);
    else
        *model = m;
    return fault->code;
}

void language_model_close(struct language_model **model)
{
    struct language_model *m = *model;
    if (!m)
        return;
    free(m->starts);
    free(m->pieces);
    spelling_close(&m->prose);
    ngram_close(&m->ngram);
    mapping_close(&m->mapping);
    free(m);
    *model = NULL;
}

const struct fusion *language_model_fusion(const struct language_model *model)
{
    return &model->fusion;
}

/* ---- making one ---- */

static int write_file(const char *path, const void *bytes, size_t size, struct fault *fault)
{
    FILE *file = fopen(path, "wb");
    if (!file)
        return fail(fault, UTTER_ERROR_IO, "%s: cannot be opened for writing", path);
    bool written = fwrite(bytes, 1, size, file) == size;
    written &= fclose(file) == 0;
    if (written)
        return 0;
    remove(path);
    return fail(fault, UTTER_ERROR_IO, "%s: cannot be written", path);
}

static int build(const char *arpa, const char *path, int exact, struct utter_lm_info *info, struct fault *fault)
{
    void *bytes = NULL;
    size_t size;
    struct ngram *ngram = NULL;
    if (need_pointer(arpa, "arpa", fault) || need_pointer(path, "path", fault) ||
        ngram_read_arpa(arpa, !exact, &bytes, &size, fault))
        return fault->code;
    if (!ngram_open(&ngram, bytes, size, arpa, fault) && !write_file(path, bytes, size, fault) && info) {
        struct utter_lm_info said = {.order = ngram_order(ngram), .bytes = (int64_t)size};
        for (int n = 1; n <= said.order; n++)
            said.counts[n - 1] = (int64_t)ngram_count(ngram, n);
        result_write(info, &said, sizeof said, "utter_lm_info", fault);
    }
    ngram_close(&ngram);
    free(bytes);
    return fault->code;
}

int utter_lm_build(const char *arpa, const char *path, int exact, struct utter_lm_info *info)
{
    struct fault fault = {0};
    build(arpa, path, exact, info, &fault);
    return message_publish(&fault);
}
