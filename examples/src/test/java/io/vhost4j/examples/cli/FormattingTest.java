// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FormattingTest {
    @Test
    void shouldWriteJsonOnOneLine() {
        Json json = Json.event("stats")
                .put("seconds", 1.5)
                .put("ok", true)
                .put("ports", List.of(Json.object().put("n", -1L), Json.object()))
                .putStrings("sockets", List.of("/a\"b\\c", "x\n\u0001"));
        assertEquals(
                "{\"event\":\"stats\",\"seconds\":1.500,\"ok\":true,\"ports\":[{\"n\":-1},{}],"
                        + "\"sockets\":[\"/a\\\"b\\\\c\",\"x\\n\\u0001\"]}",
                json.toString());
    }

    @Test
    void shouldAlignColumns() {
        List<String> lines = new TextTable("name", "count")
                .row("a", "1,000,000")
                .row("longer", "2")
                .lines();
        assertEquals(
                List.of("name        count", "-----------------", "a       1,000,000", "longer          2"), lines);
        assertThrows(IllegalArgumentException.class, () -> new TextTable("a").row("1", "2"));
    }

    @ParameterizedTest
    @CsvSource({
        "0, 1000000000, 0 pps",
        "999, 1000000000, 999 pps",
        "12345678, 1000000000, 12.35 Mpps",
        "500000, 500000000, 1.00 Mpps",
        "7, 0, 0 pps"
    })
    void shouldScaleRates(long packets, long nanos, String text) {
        assertEquals(text, Units.packetRate(packets, nanos));
    }

    @Test
    void shouldCountBitsAndTimes() {
        assertEquals("10.00 Gbit/s", Units.bitRate(1_250_000_000, 1_000_000_000));
        assertEquals("999 ns", Units.time(999));
        assertEquals("1.5 us", Units.time(1_500));
        assertEquals("2.000 ms", Units.time(2_000_000));
        assertEquals("1,234,567", Units.count(1_234_567));
    }

    @Test
    void shouldReadCpuLists() {
        BitSet usable = new BitSet();
        usable.set(0, 4);
        assertEquals(List.of(0, 2, 3), CpuList.parse("--cpu", "0,2-3", usable));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "4", "0,0", "1-0", "x", "0,", "-1", "0-1-2", "99999999999"})
    void shouldRejectCpuLists(String text) {
        BitSet usable = new BitSet();
        usable.set(0, 4);
        UsageException e = assertThrows(UsageException.class, () -> CpuList.parse("--cpu", text, usable));
        assertTrue(e.getMessage().startsWith("--cpu " + text), e.getMessage());
    }

    @Test
    void shouldFindOwnersByNameAndNumber() {
        assertEquals(new SocketOwner(0, 0), SocketOwner.parse("--socket-owner", "root:root"));
        assertEquals(new SocketOwner(1234, -1), SocketOwner.parse("--socket-owner", "1234"));
        assertEquals(new SocketOwner(-1, 7), SocketOwner.parse("--socket-owner", ":7"));
        assertThrows(UsageException.class, () -> SocketOwner.parse("--socket-owner", "no-such-user"));
        assertThrows(UsageException.class, () -> SocketOwner.parse("--socket-owner", ":"));
    }
}
