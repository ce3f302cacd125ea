/* test_spoken_words.c - what a reader of English says for what is written: wide tables, by subject. */
#include "spoken_check.h"

static void test_numbers(void **state)
{
    (void)state;
    static const struct spoken_case cases[] = {
        {"0", "zero."},
        {"7", "seven."},
        {"13", "thirteen."},
        {"20", "twenty."},
        {"42", "forty two."},
        {"100", "one hundred."},
        {"105", "one hundred five."},
        {"999", "nine hundred ninety nine."},
        {"1,000", "one thousand."},
        {"12,345", "twelve thousand three hundred forty five."},
        {"1000000", "one million."},
        {"1,000,001", "one million one."},
        {"12,34,567", "one million two hundred thirty four thousand five hundred sixty seven."},
        {"1,234,567,890,123,456,789", "one quintillion two hundred thirty four quadrillion five hundred sixty seven "
                                      "trillion eight hundred ninety billion one hundred twenty three million four "
                                      "hundred fifty six thousand seven hundred eighty nine."},
        {"1000000000000000000000000000000000", "one decillion."},
        {"12345678901234567890123456789012345678",
         "one two three four five six seven eight nine zero one two three four five six seven eight nine zero one two "
         "three four five six seven eight nine zero one two three four five six seven eight."},
        {"007", "zero zero seven."},
        {"0042", "zero zero four two."},
        {"3.14", "three point one four."},
        {"0.5", "zero point five."},
        {"0.05", "zero point zero five."},
        {"3.05", "three point oh five."},
        {".5", "point five."},
        {"1,234.5", "one thousand two hundred thirty four point five."},
        {"-5", "minus five."},
        {"It was -5.5 then", "it was minus five point five then."},
        {"\xE2\x88\x92"
         "5",
         "minus five."},
        {"+5", "plus five."},
        {"\xC2\xB1"
         "5",
         "plus or minus five."},
        {"~5", "about five."},
        {"1, 2, 3", "one, two, three."},
        {"1,2,3", "one, two, three."},
        {"5 million people", "five million people."},
        {"3.5 billion", "three point five billion."},
        {"10-year-old", "ten year old."},
        {"I have 5.", "i have five."},
        {"He is 12, she is 13.", "he is twelve, she is thirteen."},
        {"He scored 12. She scored 13.", "he scored twelve. | she scored thirteen."},
        {"\xEF\xBC\x91\xEF\xBC\x92", "twelve."},
        {"24/7", "twenty four seven."},
        {"9/11", "nine eleven."},
    };
    CHECK_CASES(cases);
}

static void test_ordinals_and_fractions(void **state)
{
    (void)state;
    static const struct spoken_case cases[] = {
        {"1st", "first."},
        {"2nd", "second."},
        {"3rd", "third."},
        {"4th", "fourth."},
        {"5th", "fifth."},
        {"8th", "eighth."},
        {"9th", "ninth."},
        {"11th", "eleventh."},
        {"12th", "twelfth."},
        {"20th", "twentieth."},
        {"21st", "twenty first."},
        {"100th", "one hundredth."},
        {"1,001st", "one thousand first."},
        {"35Th", "thirty fifth."},
        {"the 21st century", "the twenty first century."},
        {"1/2", "one half."},
        {"\xC2\xBD", "one half."},
        {"2\xC2\xBD", "two and a half."},
        {"2 1/2", "two and a half."},
        {"1-1/2", "one and a half."},
        {"1/3", "one third."},
        {"2/3", "two thirds."},
        {"\xE2\x85\x94 cup", "two thirds cup."},
        {"3/4", "three quarters."},
        {"1 3/4", "one and three quarters."},
        {"5/8", "five eighths."},
        {"7/3", "seven thirds."},
        {"1/100", "one one hundredth."},
        {"3/27", "three over twenty seven."},
        {"50/50", "fifty fifty."},
        {"3:1", "three to one."},
        {"won 3-2", "won three to two."},
        {"5\xE2\x80\x93"
         "10",
         "five to ten."},
        {"pages 5-10", "pages five to ten."},
        {"10-20%", "ten to twenty percent."},
        {"5 - 3 = 2", "five minus three equals two."},
        {"4\xC3\x97"
         "6",
         "four by six."},
        {"1920x1080", "nineteen twenty by ten eighty."},
        {"2x4", "two by four."},
        {"3 \xC3\x97 4 = 12", "three times four equals twelve."},
        {"6 \xC3\xB7 2", "six divided by two."},
        {"2 + 2 = 4", "two plus two equals four."},
        {"x < 5", "X is less than five."},
        {"x > y", "X is greater than Y."},
        {"10^6", "ten to the power of six."},
        {"mc^2 + x^3", "M C squared plus X cubed."},
        {"1e6 or 1.5e-3", "one times ten to the power of six or one point five times ten to the power of minus three."},
        {"Call 911 or dial 112. Call 200 people.", "call nine one one or dial one one two. | call two hundred people."},
        {"10^-3", "ten to the power of minus three."},
        {"10\xE2\x81\xB6 or 10\xC2\xB9\xC2\xB2", "ten to the power of six or ten to the power of twelve."},
        {"10\xE2\x81\xBB\xC2\xB3", "ten to the power of minus three."},
        {"10\xC2\xB3 m\xE2\x81\xB4", "ten cubed M four."},
        {"x\xC2\xB2", "X squared."},
        {"a \xE2\x89\xA4 b", "a less than or equal to B."},
        {"2 * 3", "two times three."},
    };
    CHECK_CASES(cases);
}

static void test_money(void **state)
{
    (void)state;
    static const struct spoken_case cases[] = {
        {"$3.50", "three dollars and fifty cents."},
        {"$1", "one dollar."},
        {"$1.01", "one dollar and one cent."},
        {"$0.99", "ninety nine cents."},
        {"$5.00", "five dollars."},
        {"$1,234.56", "one thousand two hundred thirty four dollars and fifty six cents."},
        {"It is $980.", "it is nine hundred eighty dollars."},
        {"\xC2\xA3"
         "5m",
         "five million pounds."},
        {"\xC2\xA3"
         "1",
         "one pound."},
        {"\xC2\xA3"
         "3.01",
         "three pounds and one penny."},
        {"\xE2\x82\xAC"
         "1,200",
         "one thousand two hundred euros."},
        {"$2.5 million", "two point five million dollars."},
        {"$3bn", "three billion dollars."},
        {"$50k", "fifty thousand dollars."},
        {"\xC2\xA5"
         "500",
         "five hundred yen."},
        {"\xE2\x82\xB9"
         "500",
         "five hundred rupees."},
        {"US$20", "twenty U S dollars."},
        {"A$3.5bn", "three point five billion australian dollars."},
        {"20 USD", "twenty U S dollars."},
        {"5\xE2\x82\xAC", "five euros."},
        {"500\xC2\xA3", "five hundred pounds."},
        {"99\xC2\xA2", "ninety nine cents."},
        {"50p", "fifty pence."},
        {"$5-$10", "five to ten dollars."},
        {"$5\xE2\x80\x93"
         "10 million",
         "five to ten million dollars."},
        {"-$5", "minus five dollars."},
        {"a $20 bill", "a twenty dollar bill."},
        {"a $1 charge", "a one dollar charge."},
        {"$5/month", "five dollars per month."},
        {"$5-a-day", "five dollars a day."},
        {"$3.505", "three point five oh five dollars."},
    };
    CHECK_CASES(cases);
}

static void test_dates(void **state)
{
    (void)state;
    static const struct spoken_case cases[] = {
        {"2026-11-28", "november twenty eighth, twenty twenty six."},
        {"11/28/2026", "november twenty eighth, twenty twenty six."},
        {"28/11/2026", "november twenty eighth, twenty twenty six."},
        {"28.11.2026", "november twenty eighth, twenty twenty six."},
        {"11/28/26", "november twenty eighth, twenty six."},
        {"28 Nov 2026", "the twenty eighth of november, twenty twenty six."},
        {"on the 28th of November, 2026", "on the twenty eighth of november, twenty twenty six."},
        {"the 4th of July", "the fourth of july."},
        {"4 July", "the fourth of july."},
        {"Nov. 28th, 2026", "november twenty eighth, twenty twenty six."},
        {"November 28, 2026, was", "november twenty eighth, twenty twenty six, was."},
        {"Sept. 11, 2001", "september eleventh, two thousand one."},
        {"May 5", "may fifth."},
        {"March 9th", "march ninth."},
        {"Jan. 5-10", "january fifth to tenth."},
        {"Nov 2026", "november twenty twenty six."},
        {"on 11/28", "on november twenty eighth."},
        {"99/99/2026", "ninety nine slash ninety nine slash twenty twenty six."},
        {"the 1990s", "the nineteen nineties."},
        {"the 1970's", "the nineteen seventies."},
        {"the '90s", "the nineties."},
        {"the 1800s", "the eighteen hundreds."},
        {"the 2000s", "the two thousands."},
        {"in his 30s", "in his thirties."},
        {"class of '98", "class of ninety eight."},
        {"1900", "nineteen hundred."},
        {"1905", "nineteen oh five."},
        {"in 1066", "in ten sixty six."},
        {"1984 was", "nineteen eighty four was."},
        {"2000", "two thousand."},
        {"in 2005", "in two thousand five."},
        {"2026", "twenty twenty six."},
        {"2048 bytes", "two thousand forty eight bytes."},
        {"2000 men", "two thousand men."},
        {"1500 people", "fifteen hundred people."},
        {"1984 people", "one thousand nine hundred eighty four people."},
        {"3000", "three thousand."},
        {"1914\xE2\x80\x93"
         "18",
         "nineteen fourteen to nineteen eighteen."},
        {"1914-1918", "nineteen fourteen to nineteen eighteen."},
        {"1999-2000", "nineteen ninety nine to two thousand."},
        {"2019/20", "twenty nineteen to twenty twenty."},
        {"476 AD", "four hundred seventy six A D."},
        {"Mon. and Tues.", "monday and tuesday."},
        {"Mon-Fri and Sat.\xE2\x80\x93Sun.", "monday to friday and saturday to sunday."},
        {"Made in MMXXIV, after Malcolm X", "made in twenty twenty four, after malcolm X."},
        {"the XIX century, the II dynasty", "the nineteenth century, the second dynasty."},
    };
    CHECK_CASES(cases);
}

static void test_times(void **state)
{
    (void)state;
    static const struct spoken_case cases[] = {
        {"5pm", "five P M."},
        {"5 p.m. on", "five P M on."},
        {"5 PM", "five P M."},
        {"17:45", "seventeen forty five."},
        {"5:05 a.m.", "five oh five A M."},
        {"12:00", "twelve o'clock."},
        {"5:00 pm", "five P M."},
        {"17:00", "seventeen hundred."},
        {"0:05", "zero oh five."},
        {"5.30pm", "five thirty P M."},
        {"1:02:03", "one oh two and three seconds."},
        {"25:00", "twenty five to zero zero."},
        {"at 6:30 pm. The", "at six thirty P M. | the."},
        {"5 o'clock", "five o'clock."},
        {"9am-5pm, 9:00 \xE2\x80\x93 17:30", "nine A M to five P M, nine o'clock to seventeen thirty."},
        {"8 a.m.\xE2\x80\x93noon EST. Est. 1900, UTC-5",
         "eight A M to noon E S T. | established nineteen hundred, U T C minus five."},
        {"at 9am - then", "at nine A M- then."},
        {"It is 3 pm", "it is three P M."},
        {"2026-11-28T17:45", "november twenty eighth, twenty twenty six seventeen forty five."},
    };
    CHECK_CASES(cases);
}

static void test_units(void **state)
{
    (void)state;
    static const struct spoken_case cases[] = {
        {"2 ft 3 in, 1ft 1in.", "two feet three inches, one foot one inch."},
        {"5 mg/l and 2 tsp", "five milligrams per liter and two teaspoons."},
        {"100 km/h", "one hundred kilometers per hour."},
        {"20\xC2\xB0"
         "C",
         "twenty degrees celsius."},
        {"-5 \xC2\xB0"
         "F",
         "minus five degrees fahrenheit."},
        {"1\xC2\xB0", "one degree."},
        {"20 \xE2\x84\x83", "twenty degrees celsius."},
        {"5 kg", "five kilograms."},
        {"1 kg", "one kilogram."},
        {"5kg", "five kilograms."},
        {"5'11\"", "five foot eleven."},
        {"6'2\" tall", "six foot two tall."},
        {"65 mph", "sixty five miles per hour."},
        {"50%", "fifty percent."},
        {"3.2 GHz", "three point two gigahertz."},
        {"16 MB", "sixteen megabytes."},
        {"1 GB/s", "one gigabyte per second."},
        {"5 m/s", "five meters per second."},
        {"10m\xC2\xB2", "ten square meters."},
        {"5 sq ft", "five square feet."},
        {"2 ft", "two feet."},
        {"1 ft", "one foot."},
        {"5-km run", "five kilometer run."},
        {"5 in the box", "five in the box."},
        {"10in", "ten inches."},
        {"10mg", "ten milligrams."},
        {"3\xC2\xB5m", "three micrometers."},
        {"60Hz", "sixty hertz."},
        {"5 lbs.", "five pounds."},
        {"20 min. later", "twenty minutes later."},
        {"5x faster", "five times faster."},
        {"10K run", "ten K run."},
        {"5 a day", "five a day."},
    };
    CHECK_CASES(cases);
}

static void test_abbreviations(void **state)
{
    (void)state;
    static const struct spoken_case cases[] = {
        {"Dr. Smith", "doctor smith."},
        {"Dr Smith", "doctor smith."},
        {"123 Maple Dr.", "one twenty three maple drive."},
        {"He lives on Maple Dr. He is old.", "he lives on maple drive. | he is old."},
        {"This is Dr. He.", "this is doctor he."},
        {"St. Paul", "saint paul."},
        {"in St. Louis", "in saint louis."},
        {"St Paul", "saint paul."},
        {"Main St.", "main street."},
        {"10 Downing St. is", "ten downing street is."},
        {"5th St. and", "fifth street and."},
        {"St. Paul St. in St. Louis", "saint paul street in saint louis."},
        {"Main Ave. and Sunset Blvd.", "main avenue and sunset boulevard."},
        {"Mr. and Mrs. Jones", "mister and missus jones."},
        {"Mr Jones", "mister jones."},
        {"MR. JONES IS HERE", "mister jones is here."},
        {"Prof. Lee", "professor lee."},
        {"Sgt. Pepper", "sergeant pepper."},
        {"Mt. Everest", "mount everest."},
        {"e.g. this", "for example this."},
        {"E.g., this", "for example, this."},
        {"i.e. that", "that is that."},
        {"cats, dogs, etc.", "cats, dogs, et cetera."},
        {"etc. and so on", "et cetera and so on."},
        {"Mets vs Cubs", "mets versus cubs."},
        {"Mets vs. Cubs", "mets versus cubs."},
        {"approx. 5", "approximately five."},
        {"No. 5", "number five."},
        {"no. 5", "number five."},
        {"No.", "no."},
        {"He said no. Then he left.", "he said no. | then he left."},
        {"p. 5", "page five."},
        {"pp. 5-6", "pages five to six."},
        {"Fig. 3", "figure three."},
        {"vol. 2", "volume two."},
        {"Acme Inc. is", "acme incorporated is."},
        {"John Jr. and", "john junior and."},
        {"w/o sugar", "without sugar."},
        {"he/she", "he or she."},
        {"and/or", "and or."},
        {"R&D", "R and D."},
        {"salt & pepper", "salt and pepper."},
        {"a/b", "a slash B."},
    };
    CHECK_CASES(cases);
}

static void test_letters(void **state)
{
    (void)state;
    static const struct spoken_case cases[] = {
        {"J. R. R. Tolkien", "J R R tolkien."},
        {"J.R.R. Tolkien", "J R R tolkien."},
        {"John F. Kennedy", "john F kennedy."},
        {"The U.S. Congress", "the U S congress."},
        {"in the U.K.", "in the U K."},
        {"Ph.D.", "P H D."},
        {"a PhD", "a P H D."},
        {"NASA", "nasa."},
        {"the FBI", "the F B I."},
        {"the FBI's men", "the F B i's men."},
        {"CDs", "C d's."},
        {"URLs", "U R l's."},
        {"UNESCO", "unesco."},
        {"ISBN", "I S B N."},
        {"USDA", "U S D A."},
        {"the US", "the U S."},
        {"I am NOT happy", "i am not happy."},
        {"He said STOP", "he said stop."},
        {"HELLO WORLD, THIS IS LOUD", "hello world, this is loud."},
        {"CIVIL RIGHTS NOW", "civil rights now."},
        {"BREAKING: FBI ARRESTS TWO", "breaking: F B I arrests two."},
        {"html and xyz", "H T M L and xyz."},
        {"hmmmm", "hmm."},
        {"Nooooo!", "noo!"},
        {"A4", "A four."},
        {"MP3", "M P three."},
        {"COVID-19", "covid nineteen."},
        {"F-16", "F sixteen."},
        {"B2B", "B two B."},
        {"H2O", "H two O."},
        {"747", "seven hundred forty seven."},
        {"3D", "three D."},
        {"GPT-4", "G P T four."},
        {"vitamin A.", "vitamin A."},
        {"A dog", "a dog."},
        {"A L A N", "A L A N."},
        {"X-A-G-N-A six", "X A G N A six."},
        {"A B movie", "a B movie."},
        {"You and I", "you and i."},
        {"Plan B", "plan B."},
        {"T-shirt", "T shirt."},
        {"X-ray", "X ray."},
        {"e-mail", "E mail."},
        {"YouTube", "you tube."},
        {"iPhone", "I phone."},
        {"JavaScript", "java script."},
        {"HTMLParser", "H T M L parser."},
        {"McDonald and MacArthur", "mcdonald and macarthur."},
        {"C++", "C plus plus."},
        {"C# code", "C sharp code."},
        {"well-known", "well known."},
        {"don't", "don't."},
        {"don\xE2\x80\x99t", "don't."},
        {"'tis", "'tis."},
        {"\xE2\x80\x98hello\xE2\x80\x99", "hello."},
        {"goin' home", "goin' home."},
        {"the dogs' bowl", "the dogs bowl."},
        {"rock 'n' roll", "rock and roll."},
        {"O'Neill", "o'neill."},
        {"Henry VIII", "henry the eighth."},
        {"Henry VIII's", "henry the eighth's."},
        {"World War II", "world war two."},
        {"World War I. He", "world war one. | he."},
        {"Chapter IV", "chapter four."},
        {"CHAPTER XIV.", "chapter fourteen."},
        {"XIV", "fourteen."},
        {"Act iii", "act three."},
        {"Elizabeth II", "elizabeth the second."},
        {"King George V and", "king george the fifth and."},
        {"Charles I of England", "charles the first of england."},
        {"When Charles I saw", "when charles i saw."},
        {"Rocky IV", "rocky four."},
        {"the XXth century", "the twentieth century."},
        {"(iv) four", "four, four."},
        {"my ID", "my I D."},
    };
    CHECK_CASES(cases);
}

static void test_addresses(void **state)
{
    (void)state;
    static const struct spoken_case cases[] = {
        {"example.com", "example dot com."},
        {"See www.example.com.", "see W W W dot example dot com."},
        {"https://www.example.com/path?x=1", "W W W dot example dot com slash path question mark X equals one."},
        {"http://bbc.co.uk/news", "B B C dot co dot U K slash news."},
        {"john.smith@example.co.uk", "john dot smith at example dot co dot U K."},
        {"file.txt", "file dot T X T."},
        {"Node.js", "node dot J S."},
        {".NET", "dot net."},
        {"@jack", "at jack."},
        {"#ClimateAction", "hashtag climate action."},
        {"#5", "number five."},
        {"+1 (555) 010-9999", "plus one, five five five, zero one zero, nine nine nine nine."},
        {"(555) 010-9999", "five five five, zero one zero, nine nine nine nine."},
        {"555-0199", "five five five, zero one nine nine."},
        {"415-859-7111", "four one five, eight five nine, seven one one one."},
        {"1-800-555-0199", "one, eight zero zero, five five five, zero one nine nine."},
        {"020 7946 0958", "zero two zero, seven nine four six, zero nine five eight."},
        {"call 911", "call nine one one."},
        {"123-45-6789", "one two three, four five, six seven eight nine."},
        {"CA 94103", "C A nine four one zero three."},
        {"PIN 1234", "pin one two three four."},
        {"Flight 370", "flight three seventy."},
        {"2901 East Hastings Street", "twenty nine oh one east hastings street."},
        {"192.168.0.1", "one hundred ninety two dot one hundred sixty eight dot zero dot one."},
        {"1.2.3", "one point two point three."},
        {"v2.10", "version two point ten."},
        {"version 2.10", "version two point ten."},
        {"2.10", "two point one oh."},
    };
    CHECK_CASES(cases);
}

static void test_signs(void **state)
{
    (void)state;
    static const struct spoken_case cases[] = {
        {"caf\xC3\xA9", "cafe."},
        {"na\xC3\xAFve", "naive."},
        {"nai\xCC\x88ve", "naive."},
        {"Stra\xC3\x9F"
         "e",
         "strasse."},
        {"\xC5\x81\xC3\xB3"
         "d\xC5\xBA",
         "lodz."},
        {"\xEF\xAC\x81ne", "fine."},
        {"\xF0\x9D\x97\xAF\xF0\x9D\x97\xBC\xF0\x9D\x97\xB9\xF0\x9D\x97\xB1", "bold."},
        {"Hi \xF0\x9F\x98\x80!", "hi!"},
        {"Hi\xF0\x9F\x98\x80there", "hi there."},
        {"\xCF\x80 is", "pi is."},
        {"\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82 \xD0\xBC\xD0\xB8\xD1\x80 hello", "[0.20] hello."},
        {"hello \xE4\xBD\xA0\xE5\xA5\xBD\xE3\x80\x82 yes", "hello [0.20] | yes."},
        {"a (b) c", "a, B, C."},
        {"he said \xE2\x80\x94 and left", "he said- and left."},
        {"he said--and left", "he said- and left."},
        {"he said - and left", "he said- and left."},
        {"wait... what", "wait, what."},
        {"wait\xE2\x80\xA6", "wait."},
        {"Wait\xE2\x80\xA6 What?", "wait. | what?"},
        {"what?!", "what?"},
        {"one; two: three", "one; two: three."},
        {"*bold* and _thin_", "bold and thin."},
        {"book(s)", "book."},
        {"\xC2\xA7 3", "section three."},
        {"\xC2\xA9 2020", "copyright twenty twenty."},
        {"Acme\xE2\x84\xA2 Inc.", "acme incorporated."},
        {"a\x01"
         "b\tc",
         "a B C."},
        {"\xE2\x80\xA2 one", "one."},
    };
    CHECK_CASES(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),       cmocka_unit_test(test_ordinals_and_fractions),
        cmocka_unit_test(test_money),         cmocka_unit_test(test_dates),
        cmocka_unit_test(test_times),         cmocka_unit_test(test_units),
        cmocka_unit_test(test_abbreviations), cmocka_unit_test(test_letters),
        cmocka_unit_test(test_addresses),     cmocka_unit_test(test_signs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
