// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class GateTest {
    private final Gate gate = new Gate();

    @Test
    void shouldKeepOutUntilItOpens() {
        assertFalse(gate.enter());
        gate.open();
        assertTrue(gate.enter());
        gate.leave();
        gate.shut();
        assertFalse(gate.enter());
    }

    @Test
    void shouldLetInOneAtTime() {
        gate.open();
        assertTrue(gate.enter());
        assertFalse(gate.enter());
        gate.refuse();
        assertTrue(gate.refuses());
        assertFalse(gate.tryShut());
        gate.leave();
        assertFalse(gate.enter());
        assertTrue(gate.tryShut());
    }

    @Test
    void shouldHaveNobodyInWhenItIsShut() throws InterruptedException {
        AtomicBoolean stop = new AtomicBoolean();
        long[] value = new long[2];
        Thread burst = Thread.ofPlatform().start(() -> {
            while (!stop.get()) {
                if (gate.enter()) {
                    value[0]++;
                    value[1]++;
                    gate.leave();
                } else {
                    Thread.yield();
                }
            }
        });
        for (int i = 0; i < 2000; i++) {
            gate.open();
            gate.shut();
            long first = value[0];
            assertEquals(first, value[1]);
            assertEquals(first, value[0]);
        }
        stop.set(true);
        burst.join();
    }
}
