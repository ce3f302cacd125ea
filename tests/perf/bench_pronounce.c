/* bench_pronounce.c - how many of the words that the letter-to-sound network never saw are said as the lexicon has
 * them: by the network, and by parts where a word has parts; and how long a word takes.
 *
 *     build/tests/bench_pronounce models/default/lexicon/en.bin
 */
#include "decoder/letter_to_sound.h"
#include "decoder/lexicon.h"
#include "src/base/mapping.h"
#include "decoder/word_parts.h"

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

static void measure(const struct lexicon *lexicon, const struct letter_to_sound *network)
{
    struct tally all = {0}, parts = {0}, instead = {0}, both = {0};
    struct phones said = {0}, taken = {0};
    struct lexicon_entry entry;
    char word[LEXICON_LETTERS + 1];
    double spent = 0.0;
    for (uint32_t i = 0; lexicon_at(lexicon, i, word, &entry); i++) {
        size_t length = strlen(word);
        if (crc32(0, (const unsigned char *)word, (unsigned)length) % 10 != 0)
            continue;
        said.count = taken.count = 0;
        double begin = seconds();
        letter_to_sound(network, word, length, &said, NULL);
        spent += seconds() - begin;
        bool apart = word_from_parts(lexicon, word, length, &taken);
        count(&all, &entry, &said);
        count(&both, &entry, apart ? &taken : &said);
        if (apart) {
            count(&parts, &entry, &taken);
            count(&instead, &entry, &said);
        }
    }
    print("the network, of words it never saw", &all);
    print("words with parts, by their parts", &parts);
    print("the same by the network", &instead);
    print("parts first, then the network", &both);
    printf("%.2f ms a word by the network\n", 1e3 * spent / all.words);
    phones_free(&said);
    phones_free(&taken);
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
    mapping_close(&file);
    return 0;
}
