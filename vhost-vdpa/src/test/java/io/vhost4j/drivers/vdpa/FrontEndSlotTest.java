// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.vdpa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.VhostException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FrontEndSlotTest {
    private final FrontEndSlot<Noting> slot = new FrontEndSlot<>("device");

    /** Notes what it is asked to do, and fails at one of it. */
    private final class Noting implements Serving {
        private final List<String> calls = new ArrayList<>();
        private final String fault;

        Noting(String fault) {
            this.fault = fault;
        }

        private void note(String call) {
            calls.add(call + (slot.now() == this ? "" : " outside"));
            if (call.equals(fault)) {
                throw new VhostException("as was asked for");
            }
        }

        @Override
        public void start() {
            note("start");
        }

        @Override
        public void offerDoorbells(boolean enable) {
            note("doorbells " + enable);
        }

        @Override
        public void stop() {
            note("stop");
        }
    }

    @Test
    void shouldServeOneFrontEndAtATime() {
        Noting first = new Noting("");
        Noting second = new Noting("");
        slot.begin(first);
        VhostException refused = assertThrows(VhostException.class, () -> slot.begin(second));
        assertTrue(String.valueOf(refused.getMessage()).contains("device: serves another front-end"));
        assertEquals(List.of(), second.calls);
        assertSame(first, slot.now());
        slot.end();
        slot.end();
        assertEquals(List.of("start outside", "doorbells true", "doorbells false", "stop outside"), first.calls);
        slot.begin(second);
        assertSame(second, slot.leave());
        assertNull(slot.now());
        assertEquals(
                List.of("start outside", "doorbells true", "doorbells false"), second.calls, "stopped by the caller");
    }

    @Test
    void shouldBeEmptyAfterAFailure() {
        for (String fault : List.of("start", "doorbells true", "doorbells false", "stop")) {
            Noting one = new Noting(fault);
            assertThrows(VhostException.class, () -> {
                slot.begin(one);
                slot.end();
            });
            assertNull(slot.now(), fault);
            assertEquals(!fault.equals("start"), one.calls.contains("stop outside"), "stopped, if it was started");
        }
    }
}
