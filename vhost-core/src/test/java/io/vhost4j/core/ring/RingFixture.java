// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vhost4j.VirtioFeature;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.testkit.DriverRing;
import io.vhost4j.core.testkit.DriverRing.Buffer;
import io.vhost4j.core.testkit.GuestImage;
import io.vhost4j.core.testkit.LeakCheck;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;

/** Guest memory, and rings with their drivers in it. */
@ExtendWith(LeakCheck.class)
abstract class RingFixture {
    static final int READ = 0;
    static final int WRITE = 2;
    static final long INDIRECT = VirtioFeature.RING_INDIRECT_DESC.mask();
    static final long EVENT_IDX = VirtioFeature.RING_EVENT_IDX.mask();
    static final long IN_ORDER = VirtioFeature.IN_ORDER.mask();

    GuestImage image;

    /** The kind of ring; subclasses also have the sizes to try, {@code sizes()}. */
    abstract boolean packed();

    @BeforeEach
    void map() {
        image = GuestImage.of(2 << 20, 1 << 20, 1 << 16);
    }

    @AfterEach
    void unmap() {
        image.close();
    }

    DriverRing driver(int size) {
        return DriverRing.create(packed(), image, size);
    }

    Ring ring(DriverRing driver, long features, int direction) {
        return Ring.create(driver.setup(features), image.memory(), null, direction);
    }

    /** A buffer filled with bytes that {@code seed} makes. */
    Buffer filled(int bytes, int seed) {
        long gpa = image.allocate(bytes, 1);
        image.write(gpa, pattern(bytes, seed));
        return new Buffer(gpa, bytes, false);
    }

    static byte[] pattern(int bytes, int seed) {
        byte[] data = new byte[bytes];
        new Random(seed).nextBytes(data);
        return data;
    }

    /** The bytes of a gathered chain. */
    static byte[] bytesOf(Ring ring, int chain) {
        ChainBatch batch = ring.batch();
        byte[] all = new byte[(int) batch.totalBytes(chain)];
        int at = 0;
        for (int i = batch.firstSegment[chain]; i < batch.firstSegment[chain + 1]; i++) {
            HostWindow.copy(batch.address[i], all, at, batch.length[i]);
            at += batch.length[i];
        }
        assertEquals(all.length, at, "bytes of the segments");
        return all;
    }

    /** Gives back what was gathered, each chain with its number and {@code extra} as the bytes written. */
    static void publish(Ring ring, int count, int extra) {
        for (int chain = 0; chain < count; chain++) {
            ring.batch().writtenBytes[chain] = chain + extra;
        }
        ring.publish(count);
    }
}
