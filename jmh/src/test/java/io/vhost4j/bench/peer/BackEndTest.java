// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class BackEndTest {
    private static final String STATS = "{\"event\":\"stats\",\"busy_ns\":500,\"ports\":["
            + "{\"from_guest_packets\":3,\"to_guest_packets\":70},{\"from_guest_packets\":4,\"to_guest_packets\":30}]}";

    @Test
    void shouldCountWhatABackEndWorkedOn() {
        assertEquals(new Busy(500, 7), ForwardBackEnd.busy(STATS, Traffic.MACSWAP));
        assertEquals(new Busy(500, 100), ForwardBackEnd.busy(STATS, Traffic.RX));
    }

    @Test
    void shouldDivideTheWorkByThePacketsOfTheSameTime() {
        assertEquals(OptionalDouble.of(25), new Busy(700, 20).nanosPerPacketSince(new Busy(200, 0)));
        assertEquals(OptionalDouble.empty(), Busy.UNKNOWN.nanosPerPacketSince(Busy.UNKNOWN));
    }

    @Test
    void shouldNameSocketsAsPktgenDoes() {
        Seat seat = new Seat(1, Path.of("/tmp"));

        assertEquals(List.of(seat.socket()), seat.sockets(1));
        assertEquals(Path.of(seat.socket() + "1"), seat.sockets(2).get(1));
    }
}
