// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.vhost4j.core.testkit.LeakCheck;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Runs with and without the property that turns prefetching off. */
@ExtendWith(LeakCheck.class)
final class PrefetchTest {
    /** What a fault of a test refused while the class comes up would be refused for good. */
    @BeforeAll
    static void findOutWithoutFaults() {
        Prefetch.forWriting(new long[0], 0, 0);
    }

    @Test
    void shouldBeThereOnX86UnlessTurnedOff() {
        boolean off = "false".equals(System.getProperty(Prefetch.PROPERTY));
        assertEquals(Arch.X86_64 && !off, Prefetch.AVAILABLE);
    }

    @Test
    void shouldChangeNothing() {
        try (Mapping memory = Mapping.anonymous(1 << 16, Mapping.PROT_READ | Mapping.PROT_WRITE, 0)) {
            byte[] before = new byte[1 << 16];
            new SplittableRandom(1).nextBytes(before);
            memory.segment().asByteBuffer().put(before);
            long[] addresses = new long[256];
            for (int i = 0; i < addresses.length; i++) {
                addresses[i] = memory.address() + 256L * i;
            }
            long[] copy = addresses.clone();
            for (int count = 0; count <= addresses.length; count++) {
                Prefetch.forWriting(addresses, count, 12);
            }
            assertArrayEquals(copy, addresses);
            assertArrayEquals(before, memory.segment().toArray(ValueLayout.JAVA_BYTE));
        }
    }

    /** Guests choose the addresses, and their memory may be gone. */
    @Test
    void shouldTakeAnyAddress() {
        SplittableRandom random = new SplittableRandom(2);
        try (Mapping forbidden = Mapping.anonymous(1 << 16, Mapping.PROT_NONE, 0);
                Mapping constant = Mapping.anonymous(1 << 16, Mapping.PROT_READ, 0);
                OwnedFd file = MemFd.create("gone", 1 << 16);
                Mapping gone =
                        Mapping.map(file, 0, 1 << 16, Mapping.PROT_READ | Mapping.PROT_WRITE, Mapping.MAP_SHARED)) {
            FileCalls.ftruncate(file.fd(), 0);
            long[] addresses = new long[64];
            for (int round = 0; round < 20_000; round++) {
                for (int i = 0; i < addresses.length; i++) {
                    addresses[i] = random.nextLong();
                }
                addresses[0] = 0;
                addresses[1] = -1;
                addresses[2] = Long.MIN_VALUE;
                addresses[3] = forbidden.address();
                addresses[4] = constant.address();
                addresses[5] = gone.address();
                Prefetch.forWriting(addresses, addresses.length, random.nextInt());
            }
            assertEquals(0, constant.segment().get(ValueLayout.JAVA_LONG, 0));
        }
    }

    @Test
    void shouldNotReadBeyondTheArray() {
        assertThrows(IndexOutOfBoundsException.class, () -> Prefetch.forWriting(new long[3], 4, 0));
        assertThrows(IndexOutOfBoundsException.class, () -> Prefetch.forWriting(new long[3], -1, 0));
    }

    /** As security modules do that forbid executable memory. */
    @ParameterizedTest
    @EnumSource(
            value = SystemCall.class,
            names = {"MMAP", "MPROTECT"})
    void shouldDoWithoutWhereTheKernelRefusesThePage(SystemCall refused) {
        List<SystemCall> calls = new ArrayList<>();
        Thread self = Thread.currentThread();
        try (LinuxFaults.Installed faults = LinuxFaults.install((call, argument) -> {
            if (!Thread.currentThread().equals(self)) {
                return 0;
            }
            calls.add(call);
            return call == refused ? Errno.EACCES : 0;
        })) {
            assertNotNull(faults);
            assertNull(Prefetch.link());
        }
        assertEquals(
                refused == SystemCall.MMAP
                        ? List.of(SystemCall.MMAP)
                        : List.of(SystemCall.MMAP, SystemCall.MPROTECT, SystemCall.MUNMAP),
                calls);
    }
}
