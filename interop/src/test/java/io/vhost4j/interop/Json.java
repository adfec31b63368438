// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads one JSON value: objects as {@code Map<String, Object>}, arrays as {@code List<Object>}, numbers as {@code Long} or
 * {@code Double}, null as {@link #NULL}. A reader of its own, so that what the launcher writes is not checked by the code
 * that writes it.
 */
public final class Json {
    /** What JSON's null is read as. */
    static final Object NULL = new Object();

    private final String text;
    private int at;

    private Json(String text) {
        this.text = text;
    }

    /** Reads an object, with nothing after it. */
    public static Map<String, Object> object(String text) {
        Json reader = new Json(text);
        Map<String, Object> value = reader.map();
        reader.space();
        if (reader.at != text.length()) {
            throw reader.error("something after the end");
        }
        return value;
    }

    /** A member that is an object. */
    @SuppressWarnings("unchecked") // objects are read as this type only
    public static Map<String, Object> asMap(Object value) {
        return (Map<String, Object>) value;
    }

    /** A member that is an array. */
    @SuppressWarnings("unchecked") // arrays are read as this type only
    public static List<Object> asList(Object value) {
        return (List<Object>) value;
    }

    /** A whole number that must be in the object. */
    public static long number(Map<String, Object> object, String key) {
        if (object.get(key) instanceof Long number) {
            return number;
        }
        throw new AssertionError("no whole number '" + key + "' in " + object);
    }

    private Object value() {
        space();
        char next = peek();
        return switch (next) {
            case '{' -> map();
            case '[' -> list();
            case '"' -> string();
            case 't' -> word("true", true);
            case 'f' -> word("false", false);
            case 'n' -> word("null", NULL);
            default -> numeral();
        };
    }

    private Map<String, Object> map() {
        Map<String, Object> map = new LinkedHashMap<>();
        expect('{');
        space();
        while (peek() != '}') {
            if (!map.isEmpty()) {
                expect(',');
            }
            space();
            String key = string();
            expect(':');
            if (map.put(key, value()) != null) {
                throw error("the key " + key + " twice");
            }
            space();
        }
        at++;
        return map;
    }

    private List<Object> list() {
        List<Object> list = new ArrayList<>();
        expect('[');
        space();
        while (peek() != ']') {
            if (!list.isEmpty()) {
                expect(',');
            }
            list.add(value());
            space();
        }
        at++;
        return list;
    }

    private String string() {
        expect('"');
        StringBuilder string = new StringBuilder();
        while (peek() != '"') {
            char next = text.charAt(at++);
            if (next < ' ') {
                throw error("a control character in a string");
            }
            string.append(next == '\\' ? escaped() : next);
        }
        at++;
        return string.toString();
    }

    private char escaped() {
        char kind = peek();
        at++;
        return switch (kind) {
            case '"', '\\', '/' -> kind;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> {
                at += 4;
                yield (char) Integer.parseInt(text, at - 4, at, 16);
            }
            default -> throw error("the escape \\" + kind);
        };
    }

    private Object numeral() {
        int from = at;
        while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        String numeral = text.substring(from, at);
        try {
            if (numeral.matches("-?\\d+")) {
                return Long.valueOf(numeral);
            }
            return Double.valueOf(numeral);
        } catch (NumberFormatException e) {
            throw (IllegalArgumentException) error("no value").initCause(e);
        }
    }

    private Object word(String word, Object meaning) {
        if (!text.startsWith(word, at)) {
            throw error("no value");
        }
        at += word.length();
        return meaning;
    }

    private void expect(char wanted) {
        space();
        if (peek() != wanted) {
            throw error("no '" + wanted + "'");
        }
        at++;
    }

    private char peek() {
        if (at >= text.length()) {
            throw error("the end");
        }
        return text.charAt(at);
    }

    private void space() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private RuntimeException error(String what) {
        return new IllegalArgumentException("not JSON: " + what + " at character " + at + " of: " + text);
    }
}
