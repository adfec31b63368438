// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.ring;

import io.vhost4j.VirtioFeature;
import io.vhost4j.core.memory.HostWindow;
import java.lang.invoke.VarHandle;

/** A ring of four descriptors and its driver, written after virtio 1.2 §2.7 and §2.8. The second half is the driver's. */
abstract class StressedRing {
    static final int SIZE = 4;
    static final int BYTES = 60;
    static final int WRITTEN = 33;

    private static final SharedGuest GUEST = new SharedGuest();
    private static final int WRITE = 2;

    final boolean packed;
    final boolean eventIdx;
    final long piece = GUEST.take();
    final Ring ring;

    /** With {@code offered} chains, and a driver that does not want to be notified. */
    StressedRing(boolean packed, boolean eventIdx, int offered) {
        this.packed = packed;
        this.eventIdx = eventIdx;
        long features = VirtioFeature.VERSION_1.mask()
                | (packed ? VirtioFeature.RING_PACKED.mask() : 0)
                | (eventIdx ? VirtioFeature.RING_EVENT_IDX.mask() : 0);
        RingSetup setup = new RingSetup(
                packed,
                SIZE,
                at(SharedGuest.DESC),
                at(SharedGuest.DRIVER),
                at(SharedGuest.DEVICE),
                features,
                packed ? 0x8000_8000 : 0);
        ring = Ring.create(setup, GUEST.memory(), null, WRITE);
        ring.needsNotification(); // the first answer is always yes
        wantNothing();
        if (offered > 0) {
            offer(offered);
        }
    }

    final long at(long offset) {
        return GUEST.host(piece + offset);
    }

    // ---- the device ----

    /** Chains taken and given back, with data. */
    final int serve(int max) {
        int chains = ring.gather(max);
        for (int i = 0; i < chains; i++) {
            HostWindow.setByte(ring.batch().address[i], 0x40 + i);
            ring.batch().writtenBytes[i] = WRITTEN;
        }
        if (chains > 0) {
            ring.publish(chains);
        }
        return chains;
    }

    /** Chains seen; -1 if one is not what was offered. */
    final int look() {
        int chains = ring.gather(SIZE);
        for (int i = 0; i < chains; i++) {
            boolean right = ring.batch().totalBytes(i) == BYTES
                    && ring.batch().id[i] == i
                    && ring.batch().address[i] == at(SharedGuest.DATA + 64L * i);
            if (!right) {
                return -1;
            }
        }
        return ring.fault() == null ? chains : -1;
    }

    // ---- the driver ----

    /** Offers the buffers 0 to {@code count - 1}. */
    final void offer(int count) {
        for (int i = count - 1; i >= 0; i--) {
            long to = at(SharedGuest.DESC + 16L * i);
            HostWindow.setLong(to, GUEST.gpa(piece + SharedGuest.DATA + 64L * i));
            HostWindow.setInt(to + 8, BYTES);
            if (packed) {
                HostWindow.setShort(to + 12, i);
                HostWindow.setShortRelease(to + 14, WRITE | 0x80);
            } else {
                HostWindow.setShort(to + 12, WRITE);
                HostWindow.setShort(at(SharedGuest.DRIVER + 4 + 2L * i), i);
            }
        }
        if (!packed) {
            HostWindow.setShortRelease(at(SharedGuest.DRIVER + 2), count);
        }
    }

    /** Chains that came back, of the first two; -1 if one is not what the device gave. */
    final int collect() {
        int back = 0;
        if (!packed) {
            back = HostWindow.getShortAcquire(at(SharedGuest.DEVICE + 2));
        } else {
            while (back < 2 && (HostWindow.getShortAcquire(at(16L * back + 14)) & 0x8080) == 0x8080) {
                back++;
            }
        }
        for (int i = 0; i < back; i++) {
            if (!isRight(i)) {
                return -1;
            }
        }
        return back;
    }

    private boolean isRight(int i) {
        long entry = packed ? at(16L * i) : at(SharedGuest.DEVICE + 4 + 8L * i);
        int id = packed ? HostWindow.getShort(entry + 12) : HostWindow.getInt(entry);
        int bytes = packed ? HostWindow.getInt(entry + 8) : HostWindow.getInt(entry + 4);
        return id == i && bytes == WRITTEN && HostWindow.getByte(at(SharedGuest.DATA + 64L * i)) == 0x40 + i;
    }

    /** Asks not to be notified. */
    final void wantNothing() {
        if (packed) {
            HostWindow.setShort(at(SharedGuest.DRIVER + 2), 1);
        } else if (eventIdx) {
            HostWindow.setShort(at(SharedGuest.DRIVER + 4 + 2L * SIZE), 0xFFFF);
        } else {
            HostWindow.setShort(at(SharedGuest.DRIVER), 1);
        }
    }

    /** Asks to be notified of the next chain, and looks whether it is there already. */
    final int wantNextAndLook() {
        if (packed) {
            HostWindow.setShort(at(SharedGuest.DRIVER), 0x8000);
            HostWindow.setShort(at(SharedGuest.DRIVER + 2), eventIdx ? 2 : 0);
        } else if (eventIdx) {
            HostWindow.setShort(at(SharedGuest.DRIVER + 4 + 2L * SIZE), 0);
        } else {
            HostWindow.setShort(at(SharedGuest.DRIVER), 0);
        }
        VarHandle.fullFence();
        return collect();
    }

    /** Offers a buffer; whether the device wants to be told. */
    final int offerAndAsk() {
        offer(1);
        VarHandle.fullFence();
        if (packed) {
            return (HostWindow.getShort(at(SharedGuest.DEVICE + 2)) & 3) == 1 ? 0 : 1;
        }
        if (eventIdx) {
            return HostWindow.getShort(at(SharedGuest.DEVICE + 4 + 8L * SIZE)) == 0 ? 1 : 0;
        }
        return HostWindow.getShort(at(SharedGuest.DEVICE)) == 0 ? 1 : 0;
    }
}
