#include "src/speak/utterance.h"

#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

struct utterance *utterance_new(void)
{
    return memory_new(1, sizeof(struct utterance));
}

void utterance_free(struct utterance *utterance)
{
    if (!utterance)
        return;
    for (size_t i = 0; i < utterance->mark_count; i++)
        free(utterance->marks[i].name);
    free(utterance->marks);
    free(utterance->tokens);
    free(utterance->words);
    free(utterance->text);
    free(utterance);
}

int utterance_add_word(struct utterance *utterance, const char *text, size_t begin, size_t end, struct fault *fault)
{
    size_t length = strlen(text) + 1;
    if (!memory_grow((void **)&utterance->words, &utterance->word_capacity, utterance->word_count + 1,
                     sizeof *utterance->words) ||
        !memory_grow((void **)&utterance->text, &utterance->text_capacity, utterance->text_length + length, 1))
        return fail_memory(fault, "a sentence's words");
    memcpy(utterance->text + utterance->text_length, text, length);
    utterance->words[utterance->word_count++] = (struct utterance_word){utterance->text_length, begin, end};
    utterance->text_length += length;
    return 0;
}

int utterance_add_token(struct utterance *utterance, int id, const char *phone, bool word,
                        const struct prosody *prosody, struct fault *fault)
{
    if (!memory_grow((void **)&utterance->tokens, &utterance->capacity, utterance->count + 1,
                     sizeof *utterance->tokens))
        return fail_memory(fault, "a sentence's tokens");
    utterance->tokens[utterance->count++] = (struct utterance_token){
        .id = id, .word = word ? (int)utterance->word_count - 1 : -1, .phone = phone, .prosody = *prosody};
    return 0;
}

int utterance_add_mark(struct utterance *utterance, struct spoken_mark *mark, struct fault *fault)
{
    if (!memory_grow((void **)&utterance->marks, &utterance->mark_capacity, utterance->mark_count + 1,
                     sizeof *utterance->marks))
        return fail_memory(fault, "a sentence's marks");
    utterance->marks[utterance->mark_count++] = *mark;
    mark->name = NULL;
    return 0;
}
