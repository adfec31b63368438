// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A line of the guest's network tool, such as {@code @echo sent=3 good=2}.
 *
 * @param line the line from its first word on
 */
record Figures(String line) {
    /** The last line of a text that holds {@code word}, whatever else the console shows before it on that line. */
    static Figures last(String text, String word) {
        return text.lines()
                .filter(line -> line.contains(word + " "))
                .reduce((first, second) -> second)
                .map(line -> new Figures(line.substring(line.indexOf(word))))
                .orElseThrow(() -> new AssertionError("no line '" + word + "' in: " + text));
    }

    /** The number after {@code key=}. */
    long get(String key) {
        Matcher matcher = Pattern.compile("\\b" + key + "=(\\d+)\\b").matcher(line);
        if (!matcher.find()) {
            throw new AssertionError("no " + key + " in: " + line);
        }
        return Long.parseLong(matcher.group(1));
    }
}
