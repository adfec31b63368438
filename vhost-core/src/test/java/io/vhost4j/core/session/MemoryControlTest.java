// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import static io.vhost4j.core.protocol.RequestCode.ADD_MEM_REG;
import static io.vhost4j.core.protocol.RequestCode.REM_MEM_REG;
import static io.vhost4j.core.protocol.RequestCode.SET_MEM_TABLE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.ConnectionLimits;
import io.vhost4j.MemoryRegion;
import io.vhost4j.VhostDevice;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.Mapping;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.protocol.RequestCode;
import io.vhost4j.core.testkit.FrontendMemory;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.Payload;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(LeakCheck.class)
class MemoryControlTest {
    private static final long MIB = 1 << 20;

    private SessionFixture fixture;
    private VhostDevice device;

    @BeforeEach
    void open() {
        fixture = new SessionFixture();
        device = fixture.ops.device();
        fixture.negotiate(SessionFixture.SPLIT);
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    private long ack(RequestCode code, byte[] payload, int... fds) {
        return fixture.frontend.sendForAck(code, payload, fds);
    }

    @Test
    void shouldMapATable() {
        fixture.guest.memory().set(ValueLayout.JAVA_LONG, 4096, 42);
        fixture.giveMemory();
        assertEquals(List.of(new MemoryRegion(FrontendMemory.GPA, FrontendMemory.USER, MIB, 0)), device.getMemTable());
        MemorySegment view = device.vaFromGuestPa(FrontendMemory.GPA + 4096, 8);
        assertEquals(42, view.get(ValueLayout.JAVA_LONG, 0));

        fixture.frontend.send(SET_MEM_TABLE, new Payload().u64(0).toBytes());

        assertThrows(IllegalStateException.class, () -> view.get(ValueLayout.JAVA_LONG, 0));
        assertEquals(List.of(), device.getMemTable());
    }

    @Test
    void shouldReplaceTablesWithoutLeaking() {
        fixture.giveMemory();
        long before = Mapping.openCount();
        for (int i = 0; i < 50; i++) {
            fixture.giveMemory();
        }
        assertEquals(before, Mapping.openCount());
    }

    @Test
    void shouldAddAndRemoveRegions() {
        int fd = fixture.guest.fd();
        assertEquals(0, ack(ADD_MEM_REG, Payload.region(0x10_0000, 4096, 0x1000, 0), fd));
        assertEquals(0, ack(ADD_MEM_REG, Payload.region(0x20_0000, 8192, 0x8000, 4096), fd));
        assertEquals(2, device.getMemTable().size());
        assertEquals(0, ack(REM_MEM_REG, Payload.region(0x10_0000, 4096, 0x1000, 0)));
        assertEquals(List.of(new MemoryRegion(0x20_0000, 0x8000, 8192, 4096)), device.getMemTable());
        assertEquals(0, ack(REM_MEM_REG, Payload.region(0x20_0000, 8192, 0x8000, 0), fd));
        assertTrue(ack(REM_MEM_REG, Payload.region(0x20_0000, 8192, 0x8000, 0)) != 0);
    }

    @Test
    void shouldKeepARegionThatWasAddedTwiceUntilItWasRemovedTwice() {
        byte[] region = fixture.guest.region();
        assertEquals(0, ack(ADD_MEM_REG, region, fixture.guest.fd()));
        long mappings = Mapping.openCount();
        assertEquals(0, ack(ADD_MEM_REG, region, fixture.guest.fd()));
        assertEquals(mappings, Mapping.openCount());
        assertEquals(1, device.getMemTable().size());
        try (OwnedFd other = MemFd.create("other", MIB)) {
            assertTrue(ack(ADD_MEM_REG, region, other.fd()) != 0, "the same place in another file");
        }
        assertEquals(0, ack(REM_MEM_REG, region));
        assertEquals(1, device.getMemTable().size());
        assertEquals(0, ack(REM_MEM_REG, region));
        assertEquals(0, device.getMemTable().size());
        assertTrue(ack(REM_MEM_REG, region) != 0);
    }

    @Test
    void shouldHaveAsManySlotsAsItSays() {
        int fd = fixture.guest.fd();
        for (long i = 0; i < ConnectionLimits.DEFAULT.memoryRegions(); i++) {
            assertEquals(0, ack(ADD_MEM_REG, Payload.region(i << 20, 4096, i << 20, 0), fd), "region " + i);
        }
        assertTrue(ack(ADD_MEM_REG, Payload.region(1L << 40, 4096, 1L << 40, 0), fd) != 0);
        assertEquals(
                ConnectionLimits.DEFAULT.memoryRegions(), device.getMemTable().size());
    }

    @ParameterizedTest
    @CsvSource({
        "0x1000, 0, 0x1000, 0",
        "0x1000, 0x200000, 0x1000, 0",
        "0x1000, 0x100000, 0x1000, 0x1000",
        "0x1000, 0x1000, 0x1000, 0x100000",
        "0x1000, 0x1000, 0x1000, 0x7fffffffffffffff",
        "0x1000, 0x7fffffffffffffff, 0x1000, 0",
        "0x7fffffffffffffff, 0x7fffffffffffffff, 0x1000, 0x7fffffffffffffff",
        "-0x1000, 0x2000, 0x1000, 0",
        "0x1000, 0x2000, -0x1000, 0",
        "0x1000, -0x1000, 0x1000, 0x2000",
    })
    void shouldRefuseRegionsThatCannotBe(String gpa, String size, String user, String offset) {
        byte[] region = Payload.region(Long.decode(gpa), Long.decode(size), Long.decode(user), Long.decode(offset));
        assertTrue(ack(ADD_MEM_REG, region, fixture.guest.fd()) != 0);
        assertEquals(List.of(), device.getMemTable());
    }

    @Test
    void shouldKeepTheTableWhenANewOneIsRefused() {
        fixture.giveMemory();
        int fd = fixture.guest.fd();
        byte[] overlapping = new Payload()
                .u32(2)
                .u32(0)
                .u64(0)
                .u64(8192)
                .u64(0x10000)
                .u64(0)
                .u64(4096)
                .u64(8192)
                .u64(0x20000)
                .u64(0)
                .toBytes();
        assertTrue(ack(SET_MEM_TABLE, overlapping, fd, fd) != 0);
        try (EventFd event = EventFd.create()) {
            assertTrue(ack(SET_MEM_TABLE, fixture.guest.table(), event.fd()) != 0);
        }
        assertEquals(List.of(new MemoryRegion(FrontendMemory.GPA, FrontendMemory.USER, MIB, 0)), device.getMemTable());
        assertTrue(ack(ADD_MEM_REG, Payload.region(0x4000_0000, 4096, FrontendMemory.USER + 4096, 0), fd) != 0);
        assertTrue(ack(ADD_MEM_REG, Payload.region(FrontendMemory.GPA, 4096, 0x1000, 0), fd) != 0);
    }

    @Test
    void shouldKeepRingsRunningOverAnExchange() {
        for (int queue = 0; queue < 2; queue++) {
            fixture.startRing(queue, 256, 0);
        }
        assertFalse(device.isRunning());
        fixture.giveMemory();
        assertTrue(device.isRunning());
        fixture.ops.drain();

        fixture.giveMemory();
        assertEquals(0, ack(ADD_MEM_REG, Payload.region(0x4000_0000, 4096, 0x1000, 0), fixture.guest.fd()));
        assertEquals(0, ack(REM_MEM_REG, Payload.region(0x4000_0000, 4096, 0x1000, 0)));

        assertTrue(device.getVhostVring(0).started());
        assertEquals(List.of(), fixture.ops.drain());
    }
}
