// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.VhostException;
import io.vhost4j.core.linux.FileCalls;
import io.vhost4j.core.linux.Mapping;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.linux.SharedBits;
import io.vhost4j.core.testkit.LeakCheck;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The bitmap of written pages, bit by bit. */
@ExtendWith(LeakCheck.class)
class DirtyLogTest {
    private static final long SEED = Long.getLong("vhost4j.test.seed", 20_240_229L);
    private static final int FILE_BYTES = 8192;

    private OwnedFd file;
    private Mapping view;

    @BeforeEach
    void open() {
        file = MemFd.create("log", FILE_BYTES);
        view = Mapping.map(file, 0, FILE_BYTES, Mapping.PROT_READ | Mapping.PROT_WRITE, Mapping.MAP_SHARED);
    }

    @AfterEach
    void close() {
        view.close();
        file.close();
    }

    private BitSet pages() {
        return BitSet.valueOf(view.segment().toArray(ValueLayout.JAVA_BYTE));
    }

    private static BitSet range(int from, int to) {
        BitSet bits = new BitSet();
        bits.set(from, to);
        return bits;
    }

    /** Pages {@code from} to {@code to}, exclusive, of a log of 512 pages. */
    @ParameterizedTest
    @CsvSource({
        "0, 1, 0, 1",
        "4095, 1, 0, 1",
        "4095, 2, 0, 2",
        "4096, 4096, 1, 2",
        "32768, 1, 8, 9",
        "258048, 4096, 63, 64",
        "258048, 4097, 63, 65",
        "262144, 262144, 64, 128",
        "1, 2097151, 0, 512",
        "2093056, 4096, 511, 512",
        "2093056, 9223372036854775807, 511, 512",
        "2097152, 4096, 0, 0",
        "-4096, 4096, 0, 0",
        "-1, 9223372036854775807, 0, 0",
        "9223372036854775807, 9223372036854775807, 0, 0",
        "0, 0, 0, 0",
        "0, -1, 0, 0"
    })
    void shouldSetABitForEachPage(long gpa, long bytes, int from, int to) {
        DirtyLog log = DirtyLog.map(file, 64, 0);
        log.mark(gpa, bytes);
        log.release();
        assertEquals(range(from, to), pages());

        HostWindow.fill(view.address(), FILE_BYTES, 0);
        MemFd.addSeals(file.fd(), MemFd.F_SEAL_SHRINK);
        DirtyLog sealed = DirtyLog.map(file, 64, 0);
        sealed.mark(gpa, bytes);
        sealed.release();
        assertEquals(range(from, to), pages());
    }

    @Test
    void shouldKeepBitsThatOthersSet() {
        DirtyLog log = DirtyLog.map(file, 64, 0);
        view.segment().set(ValueLayout.JAVA_LONG, 0, 0x8000_0001_0000_0010L);
        log.mark(5 * 4096, 1);
        log.mark(40 * 4096, 1);
        log.release();
        assertEquals(0x8000_0001_0000_0010L | 1L << 5 | 1L << 40, view.segment().get(ValueLayout.JAVA_LONG, 0));
    }

    /** Seen with the memory gone before the call; with luck it goes between the look and the change, which is what this is for. */
    @Test
    void shouldSayThatTheFileIsShorter() {
        DirtyLog log = DirtyLog.map(file, FILE_BYTES, 0);
        FileCalls.ftruncate(file.fd(), 0);
        assertFalse(SharedBits.or(log.bits().address(), 1));
        assertThrows(InternalError.class, () -> {
            log.mark(0, 1);
            HostWindow.settle();
        });
        log.release();
    }

    @Test
    void shouldCountTheLowestBitOfAByteFirst() {
        DirtyLog log = DirtyLog.map(file, 64, 0);
        log.mark(0x3000, 1);
        log.mark(0xF000, 1);
        log.release();
        assertEquals(0b1000, view.segment().get(ValueLayout.JAVA_BYTE, 0));
        assertEquals((byte) 0x80, view.segment().get(ValueLayout.JAVA_BYTE, 1));
    }

    @Test
    void shouldUseTheOffsetOnce() {
        DirtyLog log = DirtyLog.map(file, 4000, 4096 + 8);
        log.mark(0, 1);
        log.mark(4000L * 8 * 4096 - 1, 100);
        log.release();
        BitSet expected = new BitSet();
        expected.set((4096 + 8) * 8);
        expected.set((4096 + 8 + 4000) * 8 - 1);
        assertEquals(expected, pages());
    }

    /** A log need not be whole words: its neighbours in the file stay as they are. */
    @Test
    void shouldNotSetBitsPastTheEnd() {
        DirtyLog log = DirtyLog.map(file, 3, 8);
        log.mark(0, 1L << 40);
        log.release();
        assertEquals(range(64, 64 + 24), pages());
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "-1, 0",
        "8, -8",
        "8193, 0",
        "8192, 8",
        "8, 8192",
        "9223372036854775807, 0",
        "9223372036854775807, 8",
        "1152921504606846976, 0",
        "64, 4"
    })
    void shouldRefuseALogThatTheFileDoesNotHave(long bytes, long offset) {
        VhostException e = assertThrows(VhostException.class, () -> DirtyLog.map(file, bytes, offset));
        assertTrue(e.getMessage().startsWith("dirty log size="), e.getMessage());
    }

    @Test
    void shouldMarkWhatASimpleModelMarks() {
        Random random = new Random(SEED);
        BitSet model = new BitSet();
        DirtyLog log = DirtyLog.map(file, 1000, 0);
        for (int i = 0; i < 300; i++) {
            long gpa = random.nextLong(8100L * 4096);
            long bytes = random.nextInt(10) == 0 ? random.nextInt(1 << 20) : random.nextInt(9000);
            log.mark(gpa, bytes);
            for (long at = gpa; at < gpa + bytes; at++) {
                if (at == gpa || (at & 4095) == 0) {
                    model.set((int) (at >> 12));
                } else {
                    at |= 4095;
                    at = Math.min(at, gpa + bytes - 1);
                }
            }
        }
        log.release();
        model.clear(8000, Integer.MAX_VALUE);
        assertEquals(model, pages());
    }
}
