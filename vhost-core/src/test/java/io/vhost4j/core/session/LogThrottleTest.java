// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LogThrottleTest {
    private final AtomicLong nanos = new AtomicLong(-5);
    private final LogThrottle throttle = new LogThrottle(nanos::get);

    @Test
    void shouldPermitABurstThenSoManyASecond() {
        int permitted = 0;
        for (int i = 0; i < 1000; i++) {
            permitted += throttle.permits() ? 1 : 0;
        }
        assertEquals(200, permitted);
        assertEquals(800, throttle.takeLeftOut());
        assertEquals(0, throttle.takeLeftOut());

        nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
        for (int i = 0; i < 20; i++) {
            assertTrue(throttle.permits());
        }
        assertFalse(throttle.permits());
    }

    @Test
    void shouldKeepRoomForWhatIsWrong() {
        for (int i = 0; i < 1000; i++) {
            assertEquals(i < 100, throttle.permitsNews());
        }
        for (int i = 0; i < 100; i++) {
            assertTrue(throttle.permits());
        }
        assertFalse(throttle.permits());
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
        assertFalse(throttle.permitsNews(), "what was earned since is for what is wrong");
        assertTrue(throttle.permits());
    }

    @Test
    void shouldSaveNoMoreThanABurst() {
        nanos.addAndGet(TimeUnit.DAYS.toNanos(100));
        for (int i = 0; i < 200; i++) {
            assertTrue(throttle.permits());
        }
        assertFalse(throttle.permits());
    }
}
