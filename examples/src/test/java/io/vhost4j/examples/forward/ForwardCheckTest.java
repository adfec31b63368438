// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.DriverFlag;
import io.vhost4j.ProtocolFeature;
import io.vhost4j.VirtioFeature;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ForwardCheckTest {
    @TempDir
    Path folder;

    private final ForwardOptions options = new ForwardOptions();

    @BeforeEach
    void nameASocket() {
        options.sockets = List.of(folder.resolve("a"));
    }

    @Test
    void shouldTakeDefaults() {
        ForwardSettings settings = settings();
        assertEquals(Mode.IO, settings.mode());
        assertEquals(Set.of(DriverFlag.NET_STATS_ENABLE), settings.flags());
        assertEquals(0, settings.disabledFeatures());
        assertEquals(2048, settings.dataRoom());
        assertEquals(List.of(64), settings.segments());
        assertEquals(List.of(), settings.cpus());
        assertEquals(0x02_00_00_00_00_01L, settings.mac());
        assertEquals(1, settings.statsSeconds());
        assertEquals(0, new ForwardCheck(options, new BitSet()).settings(true).statsSeconds());
    }

    @Test
    void shouldMakeBuffersThatHoldTheMtu() {
        options.mtu = 9000;
        assertEquals(9024, settings().dataRoom());
        options.dataRoom = 4096;
        assertEquals(4096, settings().dataRoom());
    }

    @Test
    void shouldGatherDisabledFeatures() {
        options.noTso = true;
        long noTso = settings().disabledFeatures();
        assertTrue(VirtioFeature.HOST_TSO6.in(noTso));
        assertFalse(VirtioFeature.CSUM.in(noTso));
        options.noCsum = true;
        assertTrue(VirtioFeature.GUEST_CSUM.in(settings().disabledFeatures()));
        options.disable = List.of("ring_packed", "MQ", "REPLY_ACK");
        assertTrue(VirtioFeature.RING_PACKED.in(settings().disabledFeatures()));
        assertTrue(VirtioFeature.MQ.in(settings().disabledFeatures()));
        assertEquals(
                ProtocolFeature.maskOf(ProtocolFeature.MQ, ProtocolFeature.REPLY_ACK),
                settings().disabledProtocolFeatures());
    }

    @Test
    void shouldCutLongSegmentsToTheBuffers() {
        options.mode = Mode.TXONLY;
        options.txpkts = List.of(100, 5000);
        assertEquals(List.of(100, 2048, 2048, 904), settings().segments());
    }

    @Test
    void shouldReadModesAndOwners() {
        options.socketMode = "0660";
        options.socketOwner = "12:34";
        ForwardSettings settings = settings();
        assertEquals(0660, settings.socketMode());
        assertEquals(12, settings.socketOwner().uid());
        assertEquals(34, settings.socketOwner().gid());
    }

    @Test
    void shouldEndWhenTheBudgetIsUsedUp() {
        AtomicInteger ends = new AtomicInteger();
        PacketBudget budget = new PacketBudget(50, ends::incrementAndGet);
        assertEquals(32, budget.claim(32));
        assertEquals(18, budget.claim(32));
        assertEquals(0, budget.claim(32));
        budget.settle(32, 10);
        assertEquals(22, budget.claim(32));
        budget.settle(18, 18);
        assertEquals(0, ends.get());
        budget.settle(22, 22);
        assertEquals(1, ends.get());
        assertEquals(0, budget.claim(1));
        budget.settle(0, 0);
        assertEquals(1, ends.get());
    }

    private ForwardSettings settings() {
        return new ForwardCheck(options, new BitSet()).settings(false);
    }
}
