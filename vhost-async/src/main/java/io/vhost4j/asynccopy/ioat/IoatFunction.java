// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.asynccopy.ioat;

import io.vhost4j.VhostException;
import io.vhost4j.async.CopyBatch;
import io.vhost4j.async.DmaCapabilities;
import io.vhost4j.core.linux.Mapping;
import io.vhost4j.drivers.vfio.Mmio;
import io.vhost4j.drivers.vfio.SysPci;
import io.vhost4j.drivers.vfio.VfioDevice;
import io.vhost4j.drivers.vfio.VfioKernel;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A function with one hardware channel: a ring of descriptors that point to each other, a doorbell that counts them, and a word of memory in
 * which the engine leaves the address of the last one done. The device sees memory at the addresses at which this process does.
 *
 * <p>An error halts the engine. Then, and when it does not come to an end, it is reset and what it had is reported as failed. An engine that
 * cannot be reset is closed, so that it reaches no memory any more, and takes no copies. Guarded by itself, but for mappings.
 */
final class IoatFunction implements AutoCloseable {
    /** A power of two. */
    static final int DESCRIPTORS = 1024;

    private static final Logger LOG = LoggerFactory.getLogger(IoatFunction.class);
    private static final int MASK = DESCRIPTORS - 1;
    private static final int LOWEST_VERSION = 0x30;
    private static final int MAX_LENGTH_SHIFT = 20;
    private static final int PAGE = 4096;
    private static final long RING_BYTES = (long) DESCRIPTORS * IoatLayout.DESC_BYTES;
    private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private final String address;
    private final VfioDevice device;
    private final Mmio registers;
    private final DmaCapabilities capabilities;
    private final Mapping mapping;
    private final MemorySegment memory;
    private final long ring;
    private final long completion;

    private final IoatChannel[] owner = new IoatChannel[DESCRIPTORS];
    private final long[] opaque = new long[DESCRIPTORS];
    /** Free-running: the oldest descriptor not done, and the next to be given. */
    private long done;

    private long given;
    /** Where the engine's count began. */
    private long chainStart;

    private int channels;
    private boolean dead;
    /** How often each range was mapped; guarded by itself. */
    private final Map<Range, Integer> maps = new HashMap<>();

    private record Range(long address, long bytes) {}

    private IoatFunction(String address, VfioDevice device) {
        this.address = address;
        this.device = device;
        registers = device.registers(0);
        if (registers.size() < IoatLayout.REGISTER_BYTES) {
            throw failure("BAR 0 has only " + registers.size() + " bytes");
        }
        int version = registers.get8(IoatLayout.CBVER);
        int count = registers.get8(IoatLayout.CHANCNT);
        if (version < LOWEST_VERSION || version == 0xff || count != 1) {
            throw failure(String.format(
                    "I/OAT version %#x with %d channels: must be 0x30 or higher, and one channel", version, count));
        }
        int shift = registers.get8(IoatLayout.XFERCAP) & 0x1f;
        int most = shift == 0 ? MAX_LENGTH_SHIFT : Math.min(shift, MAX_LENGTH_SHIFT);
        capabilities = new DmaCapabilities(true, DESCRIPTORS - 1, 1 << most, true);
        mapping = Mapping.anonymous(RING_BYTES + PAGE, Mapping.PROT_READ | Mapping.PROT_WRITE, Mapping.MAP_PRIVATE);
        memory = mapping.segment();
        ring = mapping.address();
        completion = ring + RING_BYTES;
    }

    /**
     * Opens a function and starts its engine.
     *
     * @throws VhostException if it cannot be used, with what to do about it
     */
    static IoatFunction open(VfioKernel kernel, SysPci sys, String address) {
        SysPci.Ids ids;
        VfioDevice device = VfioDevice.open(kernel, sys, address);
        try {
            ids = sys.ids(address);
            if (ids.vendor() != IoatLayout.VENDOR || !IoatLayout.DEVICES.contains(ids.device())) {
                throw new VhostException("PCI device " + address + ": is " + ids + ", no I/OAT engine that is known");
            }
            IoatFunction made = new IoatFunction(address, device);
            try {
                made.begin();
                return made;
            } catch (RuntimeException e) {
                made.mapping.close();
                throw e;
            }
        } catch (RuntimeException e) {
            device.close();
            throw e;
        }
    }

    private VhostException failure(String what) {
        return new VhostException("PCI device " + address + ": " + what);
    }

    private void begin() {
        device.container().map(ring, ring, RING_BYTES + PAGE);
        for (int i = 0; i < DESCRIPTORS; i++) {
            memory.set(
                    ValueLayout.JAVA_LONG,
                    (long) i * IoatLayout.DESC_BYTES + IoatLayout.DESC_NEXT,
                    ring + (long) (i + 1 & MASK) * IoatLayout.DESC_BYTES);
        }
        if (!reset()) {
            throw failure("the engine does not start: its state is " + state());
        }
    }

    DmaCapabilities capabilities() {
        return capabilities;
    }

    synchronized int channels() {
        return channels;
    }

    synchronized IoatChannel openChannel() {
        channels++;
        return new IoatChannel(this);
    }

    synchronized void closed(IoatChannel gone) {
        channels--;
        if (gone.outstanding() > 0) {
            throw new IllegalStateException("copies are under way: " + gone.outstanding());
        }
    }

    // ---- copies, guarded by this ----

    int give(IoatChannel from, CopyBatch batch) {
        poll();
        int room = Math.min(from.room(), DESCRIPTORS - 1 - (int) (given - done));
        int count = dead ? 0 : Math.min(batch.count(), room);
        for (int i = 0; i < count; i++) {
            int slot = (int) given++ & MASK;
            long at = (long) slot * IoatLayout.DESC_BYTES;
            memory.set(ValueLayout.JAVA_INT, at + IoatLayout.DESC_SIZE, batch.length(i));
            memory.set(ValueLayout.JAVA_INT, at + IoatLayout.DESC_CONTROL, IoatLayout.CONTROL_COMPLETION);
            memory.set(ValueLayout.JAVA_LONG, at + IoatLayout.DESC_SOURCE, batch.source(i));
            memory.set(ValueLayout.JAVA_LONG, at + IoatLayout.DESC_TARGET, batch.target(i));
            owner[slot] = from;
            opaque[slot] = batch.opaque(i);
            from.begun();
        }
        if (count > 0) {
            // the store of a register comes after the descriptors
            registers.set16(IoatLayout.DMACOUNT, (int) (given - chainStart) & 0xffff);
        }
        return count;
    }

    /** Sees what is done. */
    void poll() {
        if (done == given || dead) {
            return;
        }
        // acquire: what the engine has copied is read after
        long word = (long) LONG.getAcquire(memory, RING_BYTES);
        long last = word & ~IoatLayout.STATE_MASK;
        if (last != 0) {
            long offset = last - ring;
            if (offset < 0 || offset >= RING_BYTES || offset % IoatLayout.DESC_BYTES != 0) {
                restart(String.format("it says to have completed a descriptor at %#x, where none is", last));
                return;
            }
            int slot = (int) (offset / IoatLayout.DESC_BYTES);
            int count = slot + 1 - (int) done & MASK;
            if (count <= given - done) {
                for (int i = 0; i < count; i++) {
                    end(true);
                }
            }
        }
        if ((word & IoatLayout.STATE_MASK) == IoatLayout.HALTED) {
            restart(String.format("it has halted with error %#x", registers.get32(IoatLayout.CHANERR)));
        }
    }

    private void end(boolean good) {
        int slot = (int) done++ & MASK;
        owner[slot].ended(good ? opaque[slot] : ~opaque[slot]);
    }

    /** Waits for what one channel has given; resets the engine if that takes too long. */
    void finish(IoatChannel of) {
        long start = System.nanoTime();
        while (of.outstanding() > 0) {
            poll();
            if (of.outstanding() > 0 && System.nanoTime() - start > PATIENCE_NANOS) {
                restart("it does not come to an end");
            }
            Thread.onSpinWait();
        }
    }

    /** Ends what the engine has, and has it begin anew. */
    private void restart(String why) {
        LOG.warn("PCI device {}: I/OAT engine is reset: {}", address, why);
        if (!reset()) {
            if (device.reset() && reset()) {
                LOG.warn("PCI device {}: it took a reset of the function", address);
            } else {
                LOG.error("PCI device {}: the engine cannot be reset, and is closed", address);
                dead = true;
                unmapAll();
            }
        }
        while (done < given) {
            end(false);
        }
    }

    private int state() {
        return registers.get32(IoatLayout.CHANSTS) & IoatLayout.STATE_MASK;
    }

    /** Resets the channel, and points it to the next descriptor; false if it does not react. */
    private boolean reset() {
        registers.set8(IoatLayout.CHANCMD, IoatLayout.CMD_SUSPEND);
        registers.set32(IoatLayout.CHANERR, registers.get32(IoatLayout.CHANERR));
        if (device.configBytes() >= IoatLayout.CONFIG_CHANERR + Integer.BYTES) {
            device.setConfig32(IoatLayout.CONFIG_CHANERR, device.config32(IoatLayout.CONFIG_CHANERR));
        }
        registers.set8(IoatLayout.CHANCMD, IoatLayout.CMD_RESET);
        if (!await(() -> (registers.get8(IoatLayout.CHANCMD) & IoatLayout.CMD_RESET) == 0)) {
            return false;
        }
        memory.set(ValueLayout.JAVA_LONG, RING_BYTES, 0);
        registers.set16(IoatLayout.CHANCTRL, IoatLayout.CTRL_ERRORS);
        set64(IoatLayout.CHANCMP, completion);
        set64(IoatLayout.CHAINADDR, ring + (given & MASK) * IoatLayout.DESC_BYTES);
        chainStart = given;
        return await(() -> state() != IoatLayout.HALTED && state() != IoatLayout.SUSPENDED);
    }

    private void set64(int offset, long value) {
        registers.set32(offset, (int) value);
        registers.set32(offset + Integer.BYTES, (int) (value >>> 32));
    }

    private static boolean await(BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > PATIENCE_NANOS) {
                return false;
            }
            Thread.onSpinWait();
        }
        return true;
    }

    // ---- mappings, guarded by maps ----

    void map(long from, long bytes) {
        Range range = new Range(from, bytes);
        synchronized (maps) {
            Integer users = maps.get(range);
            if (users == null) {
                device.container().map(from, from, bytes);
            }
            maps.put(range, users == null ? 1 : users + 1);
        }
    }

    void unmap(long from, long bytes) {
        Range range = new Range(from, bytes);
        synchronized (maps) {
            Integer users = maps.get(range);
            if (users != null && users > 1) {
                maps.put(range, users - 1);
            } else if (users != null) {
                maps.remove(range);
                device.container().unmap(from, bytes);
            }
        }
    }

    private void unmapAll() {
        synchronized (maps) {
            maps.keySet().forEach(range -> {
                try {
                    device.container().unmap(range.address, range.bytes);
                } catch (VhostException e) {
                    LOG.error("{}", e.getMessage());
                }
            });
            maps.clear();
        }
    }

    /** Stops the engine and closes the function, after its channels. */
    @Override
    public synchronized void close() {
        if (!dead) {
            registers.set8(IoatLayout.CHANCMD, IoatLayout.CMD_SUSPEND);
            if (!await(() -> state() != IoatLayout.ACTIVE)) {
                device.reset();
            }
        }
        dead = true;
        // with the container go all mappings: the engine cannot write to what is unmapped below
        device.close();
        mapping.close();
    }

    @Override
    public String toString() {
        return "ioat:" + address;
    }
}
