/* The output formats on transcripts written here: exact bytes, JSON read back by another parser, cues within limits. */
#include "cues.h"
#include "formats.h"
#include "json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct utter_word words[] = {
    {"Say", 0.5, 0.75, 0.5f}, {"<b>", 0.75, 1.0, 1.0f}, {"&", 1.0, 1.25, 1.0f}, {"\"x,y\"", 1.25, 1.5, 0.25f}};
static const struct utter_word reply[] = {{"yes", 3661.5, 3662.9996, 0.9f}};
static const struct utter_segment segments[] = {
    {0.5, 1.5, 0, 0.75f, "Say <b> & \"x,y\"", words, 4},
    {3661.5, 3662.9996, 1, 0.9f, "yes", reply, 1},
};
static const struct utter_transcript transcript = {
    .segments = segments,
    .segment_count = 2,
    .text = "Say <b> & \"x,y\" yes",
    .language = "en",
    .duration = 3663.25,
    .channel_count = 2,
    .warning = "",
};
static const struct utter_transcript silence = {.text = "", .language = "", .duration = 2, .warning = ""};

static void check(const char *name, const struct recording *recording, const char *expected)
{
    struct text out = {0};
    const struct format *format = format_find(name);
    assert_non_null(format);
    text_add(&out, "");
    if (format->header)
        format->header(&out, recording->words);
    format->body(&out, recording);
    assert_false(out.failed);
    assert_string_equal(out.data, expected);
    text_free(&out);
}

static void writes_plain(void **state)
{
    (void)state;
    struct recording r = {"a.wav", "en", &transcript, false, false};
    check("txt", &r, "Say <b> & \"x,y\" yes\n");
    check("tsv", &r,
          "file\tchannel\tstart\tend\tconfidence\ttext\n"
          "a.wav\t0\t0.500\t1.500\t0.7500\tSay <b> & \"x,y\"\n"
          "a.wav\t1\t3661.500\t3663.000\t0.9000\tyes\n");
    check("csv", &r,
          "file,channel,start,end,confidence,text\r\n"
          "a.wav,0,0.500,1.500,0.7500,\"Say <b> & \"\"x,y\"\"\"\r\n"
          "a.wav,1,3661.500,3663.000,0.9000,yes\r\n");
    check("srt", &r,
          "1\n00:00:00,500 --> 00:00:01,500\nSay <b> & \"x,y\"\n\n"
          "2\n01:01:01,500 --> 01:01:03,000\nyes\n\n");
    check("vtt", &r,
          "WEBVTT\n\n00:00:00.500 --> 00:00:01.500\nSay &lt;b&gt; &amp; \"x,y\"\n\n"
          "01:01:01.500 --> 01:01:03.000\nyes\n\n");
    check("lrc", &r, "[00:00.50]Say <b> & \"x,y\"\n[00:01.50]\n[61:01.50]yes\n[61:03.00]\n");
}

static void writes_words_and_channels(void **state)
{
    (void)state;
    struct recording r = {"a\tb\\c.wav", "en", &transcript, true, true};
    check("txt", &r, "Say[0.50-0.75] <b>[0.75-1.00] &[1.00-1.25] \"x,y\"[1.25-1.50] yes[3661.50-3663.00]\n");
    check("tsv", &r,
          "file\tchannel\tstart\tend\tconfidence\tword\n"
          "a\\tb\\\\c.wav\t0\t0.500\t0.750\t0.5000\tSay\n"
          "a\\tb\\\\c.wav\t0\t0.750\t1.000\t1.0000\t<b>\n"
          "a\\tb\\\\c.wav\t0\t1.000\t1.250\t1.0000\t&\n"
          "a\\tb\\\\c.wav\t0\t1.250\t1.500\t0.2500\t\"x,y\"\n"
          "a\\tb\\\\c.wav\t1\t3661.500\t3663.000\t0.9000\tyes\n");
    check("vtt", &r,
          "WEBVTT\n\n00:00:00.500 --> 00:00:01.500\n"
          "<v Channel 0>Say <00:00:00.750>&lt;b&gt; <00:00:01.000>&amp; <00:00:01.250>\"x,y\"\n\n"
          "01:01:01.500 --> 01:01:03.000\n<v Channel 1>yes\n\n");
    check("lrc", &r,
          "[00:00.50](0) <00:00.50>Say <00:00.75><b> <00:01.00>& <00:01.25>\"x,y\"\n[00:01.50]\n"
          "[61:01.50](1) <61:01.50>yes\n[61:03.00]\n");
}

static void writes_silence(void **state)
{
    (void)state;
    struct recording r = {"s.wav", "en", &silence, false, false};
    check("txt", &r, "\n");
    check("srt", &r, "");
    check("vtt", &r, "WEBVTT\n\n");
    check("lrc", &r, "");
    check("csv", &r, "file,channel,start,end,confidence,text\r\n");
    check("json", &r,
          "{\"file\":\"s.wav\",\"model\":\"en\",\"language\":\"\",\"duration\":2,\"text\":\"\",\"segments\":[]}\n");
}

static void json_is_json(void **state)
{
    (void)state;
    struct text out = {0};
    struct recording r = {"we\"ird\n\x01\xff\xc3\xa9.wav", "en", &transcript, false, false};
    format_json(&out, &r);
    assert_int_equal(out.data[out.length - 1], '\n');
    assert_null(memchr(out.data, '\n', out.length - 1)); /* one line */
    cJSON *root = cJSON_Parse(out.data);
    assert_non_null(root);
    assert_string_equal(cJSON_GetObjectItem(root, "file")->valuestring, "we\"ird\n\x01\xef\xbf\xbd\xc3\xa9.wav");
    assert_string_equal(cJSON_GetObjectItem(root, "text")->valuestring, transcript.text);
    assert_true(cJSON_GetObjectItem(root, "duration")->valuedouble == 3663.25);
    cJSON *list = cJSON_GetObjectItem(root, "segments");
    assert_int_equal(cJSON_GetArraySize(list), 2);
    cJSON *second = cJSON_GetArrayItem(list, 1);
    assert_int_equal(cJSON_GetObjectItem(second, "channel")->valueint, 1);
    assert_true(cJSON_GetObjectItem(second, "end")->valuedouble == 3663);
    cJSON *word = cJSON_GetArrayItem(cJSON_GetObjectItem(cJSON_GetArrayItem(list, 0), "words"), 3);
    assert_string_equal(cJSON_GetObjectItem(word, "word")->valuestring, "\"x,y\"");
    assert_true(cJSON_GetObjectItem(word, "confidence")->valuedouble == 0.25);
    cJSON_Delete(root);
    text_free(&out);
}

static void json_numbers(void **state)
{
    (void)state;
    struct text out = {0};
    json_number(&out, 1.5, 3);
    text_add(&out, " ");
    json_number(&out, -0.0001, 3);
    text_add(&out, " ");
    json_number(&out, 100, 3);
    text_add(&out, " ");
    json_number(&out, NAN, 3);
    text_add(&out, " ");
    json_number(&out, -INFINITY, 0);
    assert_string_equal(out.data, "1.5 0 100 null null");
    text_free(&out);
}

static size_t shown_width(const struct cue *cue, size_t begin, size_t end)
{
    size_t width = end > begin ? end - begin - 1 : 0;
    for (size_t i = begin; i < end; i++)
        width += utf8_length(cue->words[i].text);
    return width;
}

/* Words of every length and pace, seeded: whatever comes, cues keep to their limits and lose no word. */
static void cues_keep_limits(void **state)
{
    (void)state;
    enum { COUNT = 400 };
    static char letters[COUNT][32];
    static struct utter_word many[COUNT];
    uint32_t seed = 7;
    double now = 0;
    for (int i = 0; i < COUNT; i++) {
        seed = seed * 1664525u + 1013904223u;
        size_t length = 1 + (seed >> 16) % 14;
        memset(letters[i], 'a', length);
        if (seed >> 28 == 0)
            letters[i][length - 1] = '.';
        many[i] = (struct utter_word){letters[i], now, now + 0.05 * (double)(1 + (seed >> 8) % 20), 1};
        now = many[i].end + (seed % 11 == 0 ? 1.5 : 0.05);
    }
    struct utter_segment segment = {0, now, 0, 1, "", many, COUNT};
    struct utter_transcript t = {.segments = &segment, .segment_count = 1, .text = "", .duration = now};
    struct cue *cues;
    size_t count = cues_make(&t, 0, &cues), next = 0;
    assert_true(count > 10 && count < COUNT);
    for (size_t i = 0; i < count; i++) {
        const struct cue *cue = &cues[i];
        assert_ptr_equal(cue->words, many + next);
        next += cue->word_count;
        assert_true(shown_width(cue, 0, cue->line_break) <= CUE_COLUMNS);
        assert_true(shown_width(cue, cue->line_break, cue->word_count) <= CUE_COLUMNS);
        assert_true(cue->end > cue->start && cue->end - cue->start <= CUE_SECONDS + 1e-9);
        if (i > 0)
            assert_true(cue->start >= cues[i - 1].end - 1e-9);
    }
    assert_int_equal(next, COUNT);
    free(cues);
}

static void cues_of_two_channels(void **state)
{
    (void)state;
    struct utter_word a[] = {{"one", 0, 1, 1}, {"two", 5, 6, 1}}, b[] = {{"three", 2, 2.2, 1}};
    struct utter_segment both[] = {{0, 6, 0, 1, "one two", a, 2}, {2, 2.2, 1, 1, "three", b, 1}};
    struct utter_transcript t = {.segments = both, .segment_count = 2, .text = "", .duration = 6};
    struct cue *cues;
    assert_int_equal(cues_make(&t, 0, &cues), 3);
    assert_int_equal(cues[1].channel, 1);
    assert_true(fabs(cues[1].end - 3) < 1e-9); /* a short cue stays a second */
    assert_true(cues[2].start == 5);
    free(cues);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_plain),         cmocka_unit_test(writes_words_and_channels),
        cmocka_unit_test(writes_silence),       cmocka_unit_test(json_is_json),
        cmocka_unit_test(json_numbers),         cmocka_unit_test(cues_keep_limits),
        cmocka_unit_test(cues_of_two_channels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
