/* fuzz_lexicon.c - libFuzzer: any bytes as a lexicon with its network, and as a network. Seed:
 * tests/golden/pronounce/small.bin. */
#include "decoder/spoken/inflection.h"
#include "decoder/spoken/letter_to_sound.h"
#include "decoder/spoken/lexicon.h"
#include "decoder/spoken/word_parts.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_network(const void *bytes, size_t size)
{
    struct letter_to_sound network;
    struct phones phones = {0};
    if (letter_to_sound_open(&network, bytes, size, "fuzz", NULL))
        return;
    letter_to_sound(&network, "abba", 4, &phones, NULL, NULL);
    phones_free(&phones);
}

static void try_words(const struct lexicon *lexicon)
{
    static const char *const words[] = {"a", "abba", "dad's", "w", "unbadness", "jadecab", "zzz"};
    struct lexicon_entry entry;
    struct phones phones = {0};
    char word[LEXICON_LETTERS + 1];
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        lexicon_find(lexicon, words[i], strlen(words[i]), &entry);
        inflection_of_known(lexicon, words[i], strlen(words[i]), &phones);
        word_from_parts(lexicon, words[i], strlen(words[i]), &phones);
    }
    for (uint32_t i = 0; i < lexicon->words && i < 64; i++)
        lexicon_at(lexicon, i, word, &entry);
    phones_free(&phones);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lexicon lexicon;
    struct fault fault = {0};
    void *aligned = malloc(size ? size : 1);
    if (!aligned)
        return 0;
    memcpy(aligned, data, size);
    if (lexicon_open(&lexicon, aligned, size, "fuzz", &fault) == 0) {
        try_words(&lexicon);
        try_network(lexicon.network, lexicon.network_size);
    }
    try_network(aligned, size);
    free(aligned);
    return 0;
}
