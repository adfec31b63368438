// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.vhost4j.examples.cli.Json;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTextTest {
    @Test
    void shouldReadEveryKindOfValue() {
        assertEquals(
                Map.of("a", List.of(1.0, -2.5e3, true, false), "b", Map.of("c", "d"), "e", List.of(), "f", Map.of()),
                JsonText.object(" { \"a\" : [1, -2.5e3, true, false], \"b\":{\"c\":\"d\"},\n\"e\":[ ], \"f\":{} } "));
    }

    @Test
    void shouldReadTextAsItWasWritten() {
        String text = "quote \" back \\ line \n tab \t bell \u0007 far \ud83d\ude00 end";

        assertEquals(
                Map.of("t", text), JsonText.object(Json.object().put("t", text).toString()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[1]",
                "{\"a\"}",
                "{\"a\":}",
                "{\"a\":1,}",
                "{\"a\":nix}",
                "{\"a\":\"b}",
                "{\"a\":\"\\u12\"}",
                "{} {}",
                "{\"a\":[1 2]}"
            })
    void shouldRejectWhatIsNoObject(String text) {
        assertThrows(BenchFailure.class, () -> JsonText.object(text));
    }

    @Test
    void shouldRejectEndlessNesting() {
        assertThrows(BenchFailure.class, () -> JsonText.object("{\"a\":" + "[".repeat(100_000)));
    }
}
