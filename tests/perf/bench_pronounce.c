/* bench_pronounce.c - how many of the words that the letter-to-sound network never saw are said as the lexicon has
 * them: by the network, by their endings and parts, and as it is done (decoder/spoken/pronounce.c); and how long a word
 * takes.
 *
 *     build/tests/bench_pronounce models/default/lexicon/en.bin
 */
#include "decoder/spoken/inflection.h"
#include "decoder/spoken/letter_to_sound.h"
#include "decoder/spoken/lexicon.h"
#include "decoder/spoken/unknown_word.h"
#include "decoder/spoken/word_parts.h"
#include "src/base/mapping.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

struct tally {
    int words, wrong, wrong_bare;
};

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool same(const struct lexicon_variant *v, const struct phones *said, bool stress)
{
    bool equal = v->count == said->count;
    for (size_t i = 0; equal && i < said->count; i++) {
        unsigned char a = v->phones[i], b = said->ids[i];
        equal = stress ? a == b : phone_stressed(a, 0) == phone_stressed(b, 0);
    }
    return equal;
}

static void count(struct tally *tally, const struct lexicon_entry *entry, const struct phones *said)
{
    bool right = false, right_bare = false;
    for (int i = 0; i < entry->count; i++) {
        right |= same(&entry->variants[i], said, true);
        right_bare |= same(&entry->variants[i], said, false);
    }
    tally->words++;
    tally->wrong += !right;
    tally->wrong_bare += !right_bare;
}

static void print(const char *what, const struct tally *t)
{
    printf("%-44s %6d words, wrong %5.2f %%, but for stress %5.2f %%\n", what, t->words, 100.0 * t->wrong / t->words,
           100.0 * t->wrong_bare / t->words);
}

struct measured {
    struct tally network, forms, forms_read, parts, parts_read, unknown, all;
};

/* The word with each of the ways; what is taken for it goes first. */
static void measure_word(struct measured *m, const struct lexicon *lexicon, const struct letter_to_sound *network,
                         const char *word, const struct lexicon_entry *entry, struct phones said[4])
{
    size_t length = strlen(word);
    for (int i = 0; i < 4; i++)
        said[i].count = 0;
    letter_to_sound(network, word, length, &said[0], NULL, NULL);
    unknown_word(lexicon, network, word, length, &said[1], NULL);
    bool form = inflection_of_known(lexicon, word, length, &said[2]);
    count(&m->network, entry, &said[0]);
    count(&m->all, entry, &said[form ? 2 : 1]);
    if (form) {
        count(&m->forms, entry, &said[2]);
        count(&m->forms_read, entry, &said[0]);
    } else if (word_from_parts(lexicon, word, length, &said[3])) {
        count(&m->parts, entry, &said[3]);
        count(&m->parts_read, entry, &said[0]);
        count(&m->unknown, entry, &said[1]);
    }
}

static void measure(const struct lexicon *lexicon, const struct letter_to_sound *network)
{
    struct measured m = {0};
    struct phones said[4] = {0};
    struct lexicon_entry entry;
    char word[LEXICON_LETTERS + 1];
    for (uint32_t i = 0; lexicon_at(lexicon, i, word, &entry); i++)
        if (crc32(0, (const unsigned char *)word, (unsigned)strlen(word)) % 10 == 0)
            measure_word(&m, lexicon, network, word, &entry, said);
    print("the network, of words it never saw", &m.network);
    print("forms of words that the lexicon has", &m.forms);
    print("the same by the network", &m.forms_read);
    print("other words of parts, by their parts", &m.parts);
    print("the same by the network", &m.parts_read);
    print("the same by parts where the network doubts", &m.unknown);
    print("as it is done", &m.all);
    for (int i = 0; i < 4; i++)
        phones_free(&said[i]);
}

static void time_network(const struct lexicon *lexicon, const struct letter_to_sound *network)
{
    enum { STEP = 500 };
    struct lexicon_entry entry;
    struct phones said = {0};
    char word[LEXICON_LETTERS + 1];
    int words = 0;
    double begin = seconds();
    for (uint32_t i = 0; lexicon_at(lexicon, i, word, &entry); i += STEP, words++)
        letter_to_sound(network, word, strlen(word), &said, NULL, NULL);
    printf("%.2f ms a word by the network\n", 1e3 * (seconds() - begin) / words);
    phones_free(&said);
}

int main(int argc, char **argv)
{
    struct mapping file;
    struct lexicon lexicon;
    struct letter_to_sound network;
    struct fault fault = {0};
    const char *path = argc > 1 ? argv[1] : "models/default/lexicon/en.bin";
    if (mapping_open(&file, path, &fault) || lexicon_open(&lexicon, file.data, file.size, path, &fault) ||
        letter_to_sound_open(&network, lexicon.network, lexicon.network_size, path, &fault)) {
        fprintf(stderr, "%s\n", fault.message);
        return 1;
    }
    measure(&lexicon, &network);
    time_network(&lexicon, &network);
    mapping_close(&file);
    return 0;
}
