// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads JSON (RFC 8259): objects as maps in their order, arrays as lists, numbers as {@code Double}. */
final class JsonText {
    private static final int DEEPEST = 32;

    private final String text;
    private int at;
    private int depth;

    private JsonText(String text) {
        this.text = text;
    }

    /** The object that a text consists of; {@link BenchFailure} if it is none. */
    static Map<String, Object> object(String text) {
        JsonText reader = new JsonText(text);
        Map<String, Object> object = reader.object();
        reader.skip();
        if (reader.at < text.length()) {
            throw reader.wrong("the end");
        }
        return object;
    }

    private BenchFailure wrong(String wanted) {
        return new BenchFailure("JSON: no " + wanted + " at character " + at);
    }

    private void skip() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private boolean next(char c) {
        skip();
        boolean there = at < text.length() && text.charAt(at) == c;
        at += there ? 1 : 0;
        return there;
    }

    private void require(char c) {
        if (!next(c)) {
            throw wrong("'" + c + "'");
        }
    }

    private Map<String, Object> object() {
        Map<String, Object> members = new LinkedHashMap<>();
        enter();
        require('{');
        if (!next('}')) {
            do {
                require('"');
                String name = string();
                require(':');
                members.put(name, value());
            } while (next(','));
            require('}');
        }
        depth--;
        return members;
    }

    private void enter() {
        if (++depth > DEEPEST) {
            throw wrong("less deep nesting");
        }
    }

    private List<Object> array() {
        List<Object> elements = new ArrayList<>();
        enter();
        require('[');
        if (!next(']')) {
            do {
                elements.add(value());
            } while (next(','));
            require(']');
        }
        depth--;
        return elements;
    }

    private Object value() {
        if (next('"')) {
            return string();
        }
        char first = at < text.length() ? text.charAt(at) : ' ';
        return switch (first) {
            case '{' -> object();
            case '[' -> array();
            default -> plain();
        };
    }

    private Object plain() {
        int from = at;
        while (at < text.length() && ",]} \t\r\n".indexOf(text.charAt(at)) < 0) {
            at++;
        }
        String word = text.substring(from, at);
        if (word.equals("true") || word.equals("false")) {
            return Boolean.valueOf(word);
        }
        try {
            return Double.valueOf(word);
        } catch (NumberFormatException e) {
            at = from;
            throw wrong("value");
        }
    }

    /** The rest of a string whose quotation mark was read. */
    private String string() {
        StringBuilder string = new StringBuilder();
        while (at < text.length() && text.charAt(at) != '"') {
            char c = text.charAt(at++);
            string.append(c == '\\' ? escaped() : c);
        }
        require('"');
        return string.toString();
    }

    private char escaped() {
        if (at >= text.length()) {
            throw wrong("escaped character");
        }
        char c = text.charAt(at++);
        return switch (c) {
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'u' -> unicode();
            default -> c;
        };
    }

    private char unicode() {
        try {
            at += 4;
            return (char) Integer.parseInt(text, at - 4, at, 16);
        } catch (IndexOutOfBoundsException | NumberFormatException e) {
            throw new BenchFailure("JSON: no four hexadecimal digits before character " + at, e);
        }
    }
}
