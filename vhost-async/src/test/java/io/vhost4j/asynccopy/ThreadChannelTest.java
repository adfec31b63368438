// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.asynccopy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.ConfigurationException;
import io.vhost4j.async.DmaChannel;
import io.vhost4j.async.DmaEngine;
import io.vhost4j.core.linux.CpuAffinity;
import io.vhost4j.core.testkit.GuestImage;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ThreadChannelTest extends ChannelContract {
    private static final int PAGE = 4096;

    private final ThreadEngine engine = new ThreadEngine(1, List.of());

    @Override
    protected DmaChannel open() {
        return engine.openChannel();
    }

    @AfterEach
    @Override
    protected void end() {
        engine.close();
    }

    private static Stream<Thread> running() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("vhost4j-copy"));
    }

    private static Set<String> copyThreads() {
        return running().map(Thread::getName).collect(Collectors.toSet());
    }

    @Test
    void shouldReportACopyOfMemoryThatIsGone() {
        long[] told = new long[4];
        Copies copies = new Copies();
        try (GuestImage image = GuestImage.of(16 * PAGE, 16 * PAGE);
                DmaChannel channel = open()) {
            long gone = image.host(GuestImage.BASE, PAGE);
            long there = image.host(image.regionStart(1), 2 * PAGE);
            image.truncate(0, 0);
            copies.add(gone, there, 100, 1);
            copies.add(there, gone, 100, 2);
            copies.add(there, there + PAGE, 100, 3);
            assertEquals(3, channel.transferData(copies));
            int count = 0;
            long[] all = new long[3];
            while (count < 3) {
                int more = channel.checkCompletedCopies(told);
                System.arraycopy(told, 0, all, count, more);
                count += more;
            }
            assertEquals(List.of(~1L, ~2L, 3L), List.of(all[0], all[1], all[2]));
        }
    }

    @Test
    @Timeout(20)
    void shouldWakeWhenItSleeps() {
        long[] told = new long[4];
        Copies copies = new Copies();
        try (GuestImage image = GuestImage.of(16 * PAGE);
                DmaChannel channel = open()) {
            long host = image.host(GuestImage.BASE, 2 * PAGE);
            Thread thread = running().findAny().orElseThrow();
            for (int i = 0; i < 20; i++) {
                while (thread.getState() != Thread.State.WAITING) {
                    Thread.onSpinWait();
                }
                copies.clear();
                copies.add(host, host + PAGE, 100, i);
                assertEquals(1, channel.transferData(copies));
                while (channel.checkCompletedCopies(told) == 0) {
                    Thread.onSpinWait();
                }
                assertEquals(i, told[0]);
            }
        }
    }

    @Test
    void shouldEndItsThreads() {
        engine.close();
        try (DmaEngine two = DmaEngine.open("thread:2")) {
            assertEquals("thread:2", two.name());
            assertEquals(Set.of("vhost4j-copy-0", "vhost4j-copy-1"), copyThreads());
            DmaChannel first = two.openChannel();
            DmaChannel second = two.openChannel();
            assertNotEquals(first, second);
            first.close();
            second.close();
        }
        assertEquals(Set.of(), copyThreads());
    }

    @Test
    void shouldStayOnItsCpu() {
        int cpu = CpuAffinity.ofCurrentThread().nextSetBit(0);
        try (DmaEngine pinned = DmaEngine.open("thread:@" + cpu)) {
            assertEquals("thread:1", pinned.name());
            DmaChannel channel = pinned.openChannel();
            assertEquals("thread", channel.toString());
            assertFalse(copyThreads().isEmpty());
            channel.close();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"thread:0", "thread:x", "thread:2@1", "thread:@-1", "thread:65", "cpu:1", "warp", "thread:1@"})
    void shouldSayWhatIsWrongWithAName(String name) {
        String message = assertThrows(ConfigurationException.class, () -> DmaEngine.open(name))
                .getMessage();
        assertTrue(message.contains(name), message);
    }
}
