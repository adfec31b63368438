// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.testkit;

import io.vhost4j.VhostException;
import io.vhost4j.async.CopyBatch;
import io.vhost4j.async.DmaCapabilities;
import io.vhost4j.async.DmaChannel;
import io.vhost4j.core.memory.HostWindow;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A channel for tests. It copies when it is asked what has ended, in order or not, and can be told to do what a channel must not. Each wish is
 * a probability, drawn from a seed.
 */
public final class TestChannel implements DmaChannel {
    private record Copy(long source, long target, int length, long opaque) {}

    private static final int REMEMBERED = 64;

    private final SplittableRandom random;
    private final boolean inOrder;
    private final List<Copy> copies = new ArrayList<>();
    private final List<Long> earlier = new ArrayList<>();
    private int maxBurst = 32;
    private int maxLength = 1 << 20;
    private double refusing;
    private double failing;
    private double delaying;
    private double repeating;
    private boolean stuck;
    private boolean throwing;
    private int lying;
    private boolean needsMapping;
    private boolean unreachable;
    private int cancels;
    private long transferred;
    /** Ranges that were mapped and not unmapped. */
    private final List<String> mapped = new ArrayList<>();

    private TestChannel(boolean inOrder, long seed) {
        this.inOrder = inOrder;
        random = new SplittableRandom(seed);
    }

    /** Completes copies in order, at the next question. */
    public static TestChannel inOrder() {
        return new TestChannel(true, 1);
    }

    /** Completes copies in any order. */
    public static TestChannel shuffling(long seed) {
        TestChannel made = new TestChannel(false, seed);
        made.delaying = 0.5;
        return made;
    }

    /** Takes part of a batch only. */
    public TestChannel refusing(double probability) {
        refusing = probability;
        return this;
    }

    /** Reports copies as failed. */
    public TestChannel failing(double probability) {
        failing = probability;
        return this;
    }

    /** Reports copies again that it has reported. */
    public TestChannel repeating(double probability) {
        repeating = probability;
        return this;
    }

    /** Limits of its batches. */
    public TestChannel taking(int burst, int length) {
        maxBurst = burst;
        maxLength = length;
        return this;
    }

    /** Wants to be told of memory. */
    public TestChannel mapping() {
        needsMapping = true;
        return this;
    }

    /** From now on nothing completes, or again. */
    public void stick(boolean value) {
        stuck = value;
    }

    /** From now on every call throws but for cancel. */
    public void breakDown() {
        throwing = true;
    }

    /** From now on it claims to have taken or completed so many more than there are. */
    public void lie(int by) {
        lying = by;
    }

    /** From now on it cannot reach memory. */
    public void loseReach() {
        unreachable = true;
    }

    /** How often it was cancelled. */
    public int cancels() {
        return cancels;
    }

    /** Copies that it has taken. */
    public long transferred() {
        return transferred;
    }

    /** Copies that it has. */
    public int held() {
        return copies.size();
    }

    /** What is mapped. */
    public List<String> mapped() {
        return mapped;
    }

    @Override
    public DmaCapabilities capabilities() {
        return new DmaCapabilities(inOrder, maxBurst, maxLength, needsMapping);
    }

    @Override
    public int transferData(CopyBatch batch) {
        if (throwing) {
            throw new IllegalStateException("broken down");
        }
        int count = batch.count();
        if (count < 1 || count > maxBurst) {
            throw new AssertionError("batch of " + count);
        }
        int taken = random.nextDouble() < refusing ? random.nextInt(count) : count;
        for (int i = 0; i < taken; i++) {
            if (batch.length(i) < 1 || batch.length(i) > maxLength) {
                throw new AssertionError("copy of " + batch.length(i) + " bytes");
            }
            copies.add(new Copy(batch.source(i), batch.target(i), batch.length(i), batch.opaque(i)));
        }
        transferred += taken;
        return taken + lying;
    }

    @Override
    public int checkCompletedCopies(long[] completed) {
        if (throwing) {
            throw new IllegalStateException("broken down");
        }
        int count = 0;
        while (!stuck && count < completed.length && !copies.isEmpty() && random.nextDouble() >= delaying) {
            if (!earlier.isEmpty() && random.nextDouble() < repeating) {
                completed[count++] = earlier.get(random.nextInt(earlier.size()));
                continue;
            }
            Copy copy = copies.remove(inOrder ? 0 : random.nextInt(copies.size()));
            completed[count++] = copied(copy) ? copy.opaque : ~copy.opaque;
            if (repeating > 0) {
                earlier.add(copy.opaque);
                if (earlier.size() > REMEMBERED) {
                    earlier.removeFirst();
                }
            }
        }
        return count + lying;
    }

    private boolean copied(Copy copy) {
        try {
            if (random.nextDouble() < failing) {
                HostWindow.copy(copy.source, copy.target, copy.length / 2);
                return false;
            }
            HostWindow.copy(copy.source, copy.target, copy.length);
            HostWindow.settle();
            return true;
        } catch (InternalError e) {
            return false;
        }
    }

    @Override
    public void cancel() {
        cancels++;
        copies.clear();
    }

    @Override
    public void mapMemory(long address, long bytes) {
        if (unreachable) {
            throw new VhostException("out of reach");
        }
        mapped.add(address + "+" + bytes);
    }

    @Override
    public void unmapMemory(long address, long bytes) {
        if (!mapped.remove(address + "+" + bytes)) {
            throw new AssertionError("not mapped: " + address + "+" + bytes);
        }
    }

    @Override
    public void close() {
        copies.clear();
    }
}
