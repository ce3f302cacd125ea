/* test_fuzz_spoken.c - hostile texts to be spoken: a corpus, cut and changed everywhere. */
#include "fuzz_spoken.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char *const corpus[] = {
    "Dr. Smith paid $3.50 at 5:05 p.m. on Nov. 28th, 2026 for 2\xC2\xBD kg.",
    "See https://a.b/c?d=1&e=%20#f or mail x.y@z.co.uk; +1 (555) 010-9999, 555-0199.",
    "J. R. R. Tolkien, Henry VIII, World War II, (iv) FBI's CDs, iPhone, COVID-19.",
    "5'11\" 1/2 5-10 1914\xE2\x80\x93"
    "18 '90s 1990s 3-2 192.168.0.1 v1.2.3 10^6 -5\xC2\xB0"
    "C 50% $5-$10",
    "\xE2\x80\x9CWhy?\xE2\x80\x9D\n\n- one\n1. two\nHeading\nText... \xE4\xBD\xA0\xE3\x80\x82 \xF0\x9F\x98\x80 "
    "\xCF\x80",
    "<speak><p>a<break time='1s'/><s>b</s></p><prosody rate='+10%' pitch='-1st' volume='+6dB'>c</prosody></speak>",
    "<speak><mark name='a'/>b <emphasis level='strong'>c</emphasis><voice name='b 1'><prosody pitch='+99Hz'>d"
    "<mark name=''/></prosody></voice><audio src='x'>e</audio><lang xml:lang='fr'>f</lang>.<mark name='g'/></speak>",
    "<speak><sub alias='d e'>f</sub><phoneme ph='g'>h</phoneme>&#x263A;&amp;<![CDATA[i]]><!--j--><?k l?></speak>",
    "<speak><say-as interpret-as='date' format='dmy'>1/2/2026</say-as><say-as "
    "interpret-as='digits'>12</say-as></speak>",
    "...!!!---???___***///\\\\((([[[{{{<<<>>>$$$@@@###%%%^^^&&&+++===~~~```'''\"\"\"|||;;;:::,,,",
    "1.2.3.4.5.6.7.8,9,0/1/2/3-4-5-6:7:8:9 1st2nd3rd $1.2.3 $$5 5$$ '' '9 9' 0' 0\" v. V1 I.I.I. i.ii.iii",
    "A.B.C.D.E.F.G. a.a.a.a.a.a. x@y@z www.www.www http:// https://. @ # $ % +1 + - \xC2\xB0 \xC2\xB2 \xC2\xBD\xC2\xBD",
};

/* In a block of just its size, so that a read past the end is seen. */
static void run(unsigned char kind, const char *bytes, size_t size)
{
    uint8_t *copy = malloc(size + 1);
    assert_non_null(copy);
    copy[0] = kind;
    memcpy(copy + 1, bytes, size);
    LLVMFuzzerTestOneInput(copy, size + 1);
    free(copy);
}

static void cut_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof corpus / sizeof *corpus; i++)
        for (size_t size = 0; size <= strlen(corpus[i]); size += 9)
            for (unsigned kind = 0; kind < 4; kind++)
                run((unsigned char)(kind | 12), corpus[i], size);
}

static void changed_anywhere(void **state)
{
    (void)state;
    static const char signs[] = "\xFF<&. \n9A'";
    char text[256];
    for (size_t i = 0; i < sizeof corpus / sizeof *corpus; i++) {
        const size_t length = strlen(corpus[i]);
        memcpy(text, corpus[i], length);
        for (size_t at = 0; at < length; at += 6) {
            text[at] = signs[(at / 6 + i) % (sizeof signs - 1)];
            run(corpus[i][0] == '<' ? 253 : 252, text, length);
            text[at] = corpus[i][at];
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(changed_anywhere),
    };
    return cmocka_run_group_tests_name("fuzz_spoken", tests, NULL, NULL);
}
