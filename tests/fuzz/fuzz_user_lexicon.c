/* fuzz_user_lexicon.c - libFuzzer: any bytes as a user's list of words, and as phones in ARPAbet or IPA. */
#include "decoder/spoken/ipa.h"
#include "decoder/spoken/user_lexicon.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct user_lexicon *l = NULL;
    struct fault fault = {0};
    struct phones phones = {0};
    struct text ipa = {0};
    size_t count;
    if (user_lexicon_parse(&l, (const char *)data, size, "fuzz", &fault) == 0)
        user_lexicon_find(l, "word", 4, &count);
    user_lexicon_close(&l);
    fault_clear(&fault);
    if (phones_read((const char *)data, size, &phones, &fault) == 0)
        ipa_write(phones.ids, phones.count, &ipa);
    text_free(&ipa);
    phones_free(&phones);
    return 0;
}
