"""The texts that tokenizer goldens are made of: scripts, joiners, code, digits, whitespace, broken UTF-8."""

import random

TEXTS = [
    "",
    " ",
    "a",
    "Hello, world!",
    "The quick brown fox jumps over the lazy dog. 1234567890 times!?",
    "I'm you're he's we'll they've I'd don't CAN'T WE'LL IT'S I'M YOU'VE o'clock 'tis rock'n'roll 's't're've'm'll'd",
    "x'S x'T x'RE x'Ve x'lL x'D 'ſ x'ſy ''s '''t ' s 're'",
    "don\u2019t it\u2019s caf\u00e9's na\u00efve's",
    "中文分词测试。深度求索的模型可以推理,今天天气很好!你好,世界?(括号)「引号」《书名》",
    "深度学习deep学习learning混合mixed文本text 2024年12月31日",
    "日本語のテキスト。ひらがなとカタカナ、漢字が混ざる。ﾊﾝｶｸ ｶﾅ ー々〆〤 ㍿",
    "한국어 문장입니다. 띄어쓰기가 있는 한글 텍스트 ㄱㄴㄷ ㅏㅑ",
    "\u1112\u1161\u11ab\u1100\u1173\u11af jamo \u1100\u1161\u11a8 \u1161\u11a8 \uac00\u11a8",
    "اللغة العربية من اليمين إلى اليسار، ١٢٣٤٥٦ مَرْحَبًا",
    "हिन्दी में लिखा हुआ वाक्य। १२३४५ क्षत्रिय ज्ञान हैं",
    "ภาษาไทยไม่มีช่องว่างระหว่างคำ ๑๒๓๔๕ น้ำ ที่",
    "Ελληνικά κείμενο, Русский текст, עברית טקסט, ქართული, Հայերեն, አማርኛ",
    "Việt Nam: Trường Đại học Bách khoa, tiếng Việt có dấu",
    "Vie\u0302\u0323t Nam: Tru\u031bo\u031b\u0300ng e\u0323\u0302 e\u0302\u0323",
    "cafe\u0301 nai\u0308ve A\u030a \u212b \u2126 \u212a \ufb01 \u1e9b\u0323 q\u0307\u0323 q\u0323\u0307",
    "a\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308 Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324\u031e\u0349\u035a\u032f\u031e\u0320\u034d",
    "\u0301 leading mark \u0301\u0301 \u094d \u0327\u0301c",
    "\u0958 \u0929 \u09cb \u0b94 \u0dde \u1026 \U0001d15e \U0001109a \U00011938 \u0344 \u0374 \u037e \u0387",
    "😀😃😄 emoji 👍🏽 thumbs 👩\u200d👩\u200d👧\u200d👦 family 🏳\ufe0f\u200d🌈 flag 🇨🇳🇺🇸🇩🇪 1\ufe0f\u20e3 #\ufe0f\u20e3 *\ufe0f\u20e3",
    "❤\ufe0f ☺ ✈\ufe0e 🧑🏿\u200d🚀 🫱🏻\u200d🫲🏿 \U000e0067\U000e0062 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "𝐀𝐁𝐂 𝕏𝕐ℤ 𝟘𝟙𝟚 ①②③ ⅷ Ⅻ ½¾ ²³ ₄ ٣ ৪ 〇 〡 𐄇 𞱱",
    "0 1 12 123 1234 12345 123456 1234567 12345678901234567890123456789012345678901234567890",
    "3.14159 1,000,000.00 1e-10 0xDEADBEEF 192.168.0.1 2024-01-31T23:59:59Z +1 (555) 123-4567 50% $9.99 €5 ¥100",
    "a1b2c3 x2y version2.0beta3 H2O CO2 42nd １２３４５ ｆｕｌｌ ｗｉｄｔｈ",
    "def f(x):\n    return x**2 + 1  # square\n\n\nclass A(B):\n\tdef __init__(self, *args, **kwargs):\n\t\tsuper().__init__()\n",
    "#include <stdio.h>\r\nint main(void) {\r\n\tprintf(\"%d\\n\", 1<<3);\r\n\treturn 0;\r\n}\r\n",
    "func add(_ a: Int, _ b: Int) -> Int { a &+ b } // Swift\nlet x = [1, 2, 3].map { $0 * 2 }.filter { $0 > 2 }",
    "<html><body class=\"x\">&nbsp;<a href='http://example.com/?q=1&r=2#top'>link</a></body></html>",
    "SELECT * FROM t WHERE id >= 10 AND name LIKE '%foo%'; -- comment",
    "{\"key\": [1, 2.5, null, true], \"nested\": {\"a\": \"b\\u00e9\"}}",
    "fn main() { println!(\"{:?}\", vec![1u8; 4]); } /* rust */ let r#type = &'static str;",
    "$\\frac{a}{b}$ \\begin{align} x &= y_1^2 \\\\ \\end{align} ∀x∈ℝ: ⌈x⌉ ≥ x → ∞ ≠ √2 ± ∑∫",
    "  leading and trailing  ",
    " a  b   c    d     e\tf\t\tg\t \th",
    "line\nline\n\nline\n\n\nline\r\nline\r\n\r\nline\rline\n\r\n end\n",
    "\n", "\n\n", "\r\n", "\t", "\t\t\n", " \n ", "\n \n", "   \n\n   \n\t x", "a\n", "a \n", "a \n b", "a\u3000\nb",
    "nbsp\u00a0nbsp\u00a0\u00a0x ideographic\u3000space\u3000\u3000中 en\u2002quad\u2000thin\u2009hair\u200a nnbsp\u202f mmsp\u205f ogham\u1680",
    "ls\u2028ps\u2029nel\u0085vt\x0bff\x0c zwsp\u200bzwnj\u200czwj\u200dbom\ufeffwj\u2060soft\u00adhyphen lrm\u200erlm\u200f",
    "\x00\x01\x02\x03\x04\x05\x06\x07\x08 \x0e\x0f\x10\x13\x14\x16\x1a\x1b[31mred\x1b[0m\x1c\x1d\x1e\x1f\x7f\x80\x9f",
    "tabs\tand  double  spaces   three    four     five                                        forty",
    "!!! ??? ... --- *** ((())) [[]] {{}} <<>> //// \\\\\\\\ ~~~ ``` @@@ ### $$$ %%% ^^^ &&& === +++ |||",
    " !a @b #c $d %e ^f &g *h (i) -j =k +l [m] {n} ;o :p 'q \"r ,s .t <u> /v ?w `x ~y |z \\A",
    "。、！？；：「」『』【】（）…—～·《》〈〉“”‘’ full-width ，punctuation．",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "ababababababababababababababababababababababababababababababababababababababababababababababababab",
    "pneumonoultramicroscopicsilicovolcanoconiosis supercalifragilisticexpialidocious Donaudampfschifffahrtsgesellschaft",
    "https://en.wikipedia.org/wiki/Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogoch?x=1#y",
    "MixedCASE camelCaseWord snake_case_word kebab-case-word SCREAMING_SNAKE HTTPServer2Go iPhone15Pro",
    "\ufffd replacement \ufffe\uffff noncharacters \U0001ffff \U0010ffff private \ue000\uf8ff \U000f0000",
    "ǅ ǲ ƻ ǃ ʔ ª º ᵃ ꟸ ﬁ ﬓ Ａｚ 𐐀𐐨 𐒰 𞤀 Ა Ა ᲀ Ꭰ ꭰ ⅎ Ⅎ ℓ ℮ ⅓ ᛟ ⴰ ꙮ",
    "▁ lower one eighth block ▁▁ x▁y ▁ ▁",
    "Ġ byte alphabet Ċ ĉ Ġthe ĠĠ ł Ń",
    "ก็ กำ\u0e33 \u0e4d\u0e32 ᩈ\u1a60\u1a6b \u0f71\u0f72\u0f73 \u0f40\u0fb5 \u0344",
    "the\u2014em\u2013en-dash\u2026ellipsis\u00b7dot\u2022bullet \u00ab guillemets \u00bb \u201e low \u201c",
    "<|endoftext|><|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n<think>\nhm\n</think>\n\nHello<|im_end|>",
    "text<|im_start|>text <|im_start|> text<|im_start|><|im_end|> <|im_star <|im_start| > <|im_start|",
    "<think>a</think><tool_call>\n{}\n</tool_call> < think> <think <<think>> <thinker>",
    "<｜begin▁of▁sentence｜>sys<｜User｜>hi<｜Assistant｜><think>\n<｜end▁of▁sentence｜> <｜fim▁hole｜>",
    "<bos><start_of_turn>user\nhi<end_of_turn>\n<start_of_turn>model\n<eos><unk><pad><unused7> <0x41> <0x0A>",
]

# Bytes that are not UTF-8, in hexadecimal.
BROKEN = [
    "80", "ff", "c0af", "c3", "e4bd", "f09f98", "61c328", "e28228", "f0908d28", "eda080", "edbfbf", "eda0bdedb880",
    "f4908080", "f8888080", "fe", "48656c6c6f20ff20e4b8ade4b8", "e4b8ade4b8ade4b8", "f09f9880f09f98f09f9880", "c3a9c3",
    "616263808182e4bda0e5a5bd", "0a80200a8020", "31ff32", "e080af", "f08080af", "fc80808080af", "c1bf20c0 80".replace(" ", ""),
    "efbbbf68690a", "efbfbd80efbfbd", "20e3802020e380", "f48fbfbff490",
]

POOLS = [
    "abcdefgXYZ", "stremvdlSTREMVDL'’", "0123456789", " \t\n\r\u00a0\u3000\u2028\u0085\x0b", " ", "\n\r ", ".,;:!?-_()[]{}<>/\\|@#$%^&*+=~`\"'",
    "中文字符深度学习", "ひらカタ漢ー", "한글가각힣\u1100\u1161\u11a8", "éüñßøÅǅſK\u212aµƻǃ", "e\u0301a\u0300\u0323o\u0308\u0304\u0327",
    "अआकखि\u094d१२", "กขค\u0e34\u0e48๑", "אבגאبج١٢", "😀👩\u200d🚀\ufe0f\u20e3🇨🇳🏽", "½²Ⅻ①𝟘\U00011de0\U00016ff4", "∀∑√€£¥©™",
    "\u200b\u200d\ufeff\x00\x1f\x7f\ue000\ufffd", "。、！？（）～‘’“”　", "Ა𐐀𞤀Ꭰꭰﬁﬓ",
]

# Upper and title case, lower case, letters without case and marks, and what may stand before or after a word.
CASED = [
    "HTTPServer parseHTTPResponse XMLHttpRequest iOS McDonald OpenAI eBay ABc aBC AbC ABCd abCD",
    "ABC中 ABC中D ABC中Dd 中ABC 中ABCd 中abc abc中ABC A中B中C中 ʰABC AʰBC ABCʰ abcʰABCʰ ƻAƻ ªº ǅA ǅa Aǅ aǅ ǅǅ ǅ中",
    "AB\u0301C AB\u0301 A\u0301B\u0301 \u0301ABC \u0301ABCd \u0301abc \u0301 \u0301\u0301ABC \u0301\u0301 \u0301中ABC \u0301ʰ",
    "\u0301ABC", "\u0301ABC\u0301", "\u0301ABCd", "\u0301\u0301AB", "\u0301", "\u0301\u0301", "\u0301'S", "\u0301A's", "\u03011",
    "!\u0301ABC !\u0301 !!\u0301a !A !a !Ab !中A .net .NET #Define @User $VAR _Name -Flag /Path",
    "it's IT'S It'S I'LL I'll I'Ll we'Re we'VE 'S 's ''s 's's A's'T a'ſ A'ſb 中's 中'S ʰ'd A\u0301'm 1's 1'S don't'VE x'sS x'LLa",
    "A'", "A'x", "a'l", "a'r", "A'v", "a'ſ", "a'l\u0301", "'", "a''s", "A'SA'SA'S", "a\u2019s", "AB'CD",
    "a/b\n/c //\n// !\n/\n/\r/x .\r\n//\r\n ?/ / /\n /a /A /\u0301 \n/\n/ 1/2\n/3",
    "\tABC \tabc \t\tAbc \u00a0A \u3000a \u0085Ab \u2028aB \u200bA \ufeffa \x00Ab \nA \r\nAb  Abc   ABC ",
    "ΑΒΓδε ΣΊΣΥΦΟΣ Ольга МОСКВАград ԱՐԵՎարև ᲐᲑა აᲐ ⅭⅮⅽ ⒶⒷⓐ 𝐀𝐛𝐂 𐐀𐐨𐐀 𞤀𞤢 ＡＢｃ ﬁA Aﬁ ⴀႠ Ꭰꭰ",
    "हिAन्दीB مَرْAحَبًا กำA1 한A글b がA゙ ーA 々B 〆c 漢字Kanji カナKANA",
]

CASED_POOLS = ["ABZÉΣ", "abzéσ", "ǅǲᾈ", "ʰᵃー", "中ƻªא", "\u0301\u094d\u0903\u20dd", "'", "'sStTmMdDſ", "lLrRvVeE", " ", "!/._", "/\n\r", "12Ⅻ"]


def fuzz(seed, count, longest=28, pools=POOLS):
    """Strings whose neighbours come of different kinds of characters."""
    generator = random.Random(seed)
    strings = []
    for _ in range(count):
        text = []
        while len(text) < generator.randint(1, longest):
            pool = generator.choice(pools)
            text += generator.choices(pool, k=generator.choice([1, 1, 1, 2, 3, 5]))
        strings.append("".join(text))
    return strings
