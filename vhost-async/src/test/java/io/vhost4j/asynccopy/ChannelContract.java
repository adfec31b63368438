// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.asynccopy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.async.CopyBatch;
import io.vhost4j.async.DmaChannel;
import io.vhost4j.core.testkit.GuestImage;
import io.vhost4j.core.testkit.LeakCheck;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What every channel does. */
@ExtendWith(LeakCheck.class)
@Timeout(60)
public abstract class ChannelContract {
    private static final int AREA = 1 << 20;
    private static final int PAGE = 4096;

    private final Copies copies = new Copies();
    private final long[] told = new long[16];

    /** A new channel; the test closes it. */
    protected abstract DmaChannel open();

    /** Ends what the channels are of. */
    protected void end() {}

    private void await(DmaChannel channel, int wanted, Map<Long, Boolean> ended) {
        int got = 0;
        while (got < wanted) {
            int count = channel.checkCompletedCopies(told);
            for (int i = 0; i < count; i++) {
                boolean good = told[i] >= 0;
                long opaque = good ? told[i] : ~told[i];
                assertEquals(null, ended.put(opaque, good), "told twice: " + opaque);
            }
            got += count;
        }
    }

    @Test
    protected void shouldCopyEachAndTellOfItOnce() {
        SplittableRandom random = new SplittableRandom(1);
        try (GuestImage image = GuestImage.of(2 * AREA);
                DmaChannel channel = open()) {
            long host = image.host(GuestImage.BASE, 2 * AREA);
            channel.mapMemory(host, 2L * AREA);
            byte[] data = new byte[AREA];
            new Random(1).nextBytes(data);
            image.write(GuestImage.BASE, data);
            byte[] wanted = new byte[AREA];
            int at = 0;
            long opaque = 1_000_000_000_000L;
            Map<Long, Boolean> ended = new HashMap<>();
            while (at < AREA - 70_000) {
                copies.clear();
                int burst =
                        1 + random.nextInt(Math.min(32, channel.capabilities().maxBurst()));
                for (int i = 0; i < burst && at < AREA - 70_000; i++) {
                    int most = Math.min(channel.capabilities().maxLength(), random.nextInt(4) == 0 ? 65_000 : 1500);
                    int bytes = 1 + random.nextInt(most);
                    int from = random.nextInt(AREA - bytes);
                    System.arraycopy(data, from, wanted, at, bytes);
                    copies.add(host + from, host + AREA + at, bytes, opaque++);
                    at += bytes;
                }
                for (int given = 0; copies.from(given).count() > 0; ) {
                    int taken = channel.transferData(copies);
                    given += taken;
                    if (taken == 0) {
                        await(channel, 1, ended);
                    }
                }
                if (random.nextInt(8) == 0) {
                    await(channel, (int) (opaque - 1_000_000_000_000L) - ended.size(), ended);
                }
            }
            await(channel, (int) (opaque - 1_000_000_000_000L) - ended.size(), ended);
            assertEquals(0, channel.checkCompletedCopies(told));
            assertTrue(ended.values().stream().allMatch(good -> good));
            assertArrayEquals(wanted, image.read(GuestImage.BASE + AREA, AREA));
            channel.unmapMemory(host, 2L * AREA);
        }
        end();
    }

    @Test
    protected void shouldTellInOrderIfItSaysSo() {
        try (GuestImage image = GuestImage.of(AREA);
                DmaChannel channel = open()) {
            long host = image.host(GuestImage.BASE, AREA);
            channel.mapMemory(host, AREA);
            long next = 0;
            long seen = 0;
            for (int round = 0; round < 1000; round++) {
                copies.clear();
                for (int i = 0; i < 8; i++) {
                    copies.add(host + 64L * i, host + AREA / 2 + 64L * i, 64, next + i);
                }
                next += channel.transferData(copies);
                int count = channel.checkCompletedCopies(told);
                for (int i = 0; i < count; i++) {
                    assertTrue(!channel.capabilities().inOrder() || told[i] == seen + i, "order");
                }
                seen += count;
            }
            channel.cancel();
            assertEquals(0, channel.checkCompletedCopies(told), "nothing is told of after cancel");
            copies.clear();
            copies.add(host, host + PAGE, 64, next);
            assertEquals(1, channel.transferData(copies), "others may be given");
            Map<Long, Boolean> ended = new HashMap<>();
            await(channel, 1, ended);
            assertEquals(Map.of(next, true), ended);
            channel.unmapMemory(host, AREA);
        }
        end();
    }

    /** A plain batch. */
    protected static final class Copies implements CopyBatch {
        /** Nothing yet. */
        public Copies() {}

        private final List<long[]> all = new ArrayList<>();
        private int first;

        public void clear() {
            all.clear();
            first = 0;
        }

        public void add(long source, long target, int bytes, long opaque) {
            all.add(new long[] {source, target, bytes, opaque});
        }

        public Copies from(int index) {
            first = index;
            return this;
        }

        @Override
        public int count() {
            return all.size() - first;
        }

        @Override
        public long source(int index) {
            return all.get(first + index)[0];
        }

        @Override
        public long target(int index) {
            return all.get(first + index)[1];
        }

        @Override
        public int length(int index) {
            return (int) all.get(first + index)[2];
        }

        @Override
        public long opaque(int index) {
            return all.get(first + index)[3];
        }
    }
}
