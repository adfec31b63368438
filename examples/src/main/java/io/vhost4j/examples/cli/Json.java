// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.cli;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** A JSON object that is put together member by member; its text is one line. */
public final class Json {
    private final StringBuilder text = new StringBuilder(256).append('{');

    private Json() {}

    /** An empty object. */
    public static Json object() {
        return new Json();
    }

    /** An object whose first member, {@code event}, says what happened. */
    public static Json event(String name) {
        return new Json().put("event", name);
    }

    /** Adds a number. */
    public Json put(String name, long value) {
        return raw(name, Long.toString(value));
    }

    /** Adds a number with three decimals. */
    public Json put(String name, double value) {
        return raw(name, String.format(Locale.ROOT, "%.3f", value));
    }

    /** Adds a truth value. */
    public Json put(String name, boolean value) {
        return raw(name, Boolean.toString(value));
    }

    /** Adds a text. */
    public Json put(String name, String value) {
        return raw(name, quote(value));
    }

    /** Adds an object. */
    public Json put(String name, Json value) {
        return raw(name, value.toString());
    }

    /** Adds a list of objects. */
    public Json put(String name, List<Json> values) {
        return raw(name, values.stream().map(Json::toString).collect(Collectors.joining(",", "[", "]")));
    }

    /** Adds a list of texts. */
    public Json putStrings(String name, List<String> values) {
        return raw(name, values.stream().map(Json::quote).collect(Collectors.joining(",", "[", "]")));
    }

    /** The object as one line. */
    @Override
    public String toString() {
        return text + "}";
    }

    private Json raw(String name, String value) {
        if (text.length() > 1) {
            text.append(',');
        }
        text.append(quote(name)).append(':').append(value);
        return this;
    }

    static String quote(String value) {
        StringBuilder quoted = new StringBuilder(value.length() + 2).append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '"' -> quoted.append("\\\"");
                case '\\' -> quoted.append("\\\\");
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '\t' -> quoted.append("\\t");
                default -> {
                    if (c < ' ' || Character.isSurrogate(c)) {
                        quoted.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
                    } else {
                        quoted.append(c);
                    }
                }
            }
        }
        return quoted.append('"').toString();
    }
}
