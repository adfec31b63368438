// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.session;

import io.vhost4j.ProtocolFeature;
import io.vhost4j.core.linux.Errno;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.linux.UserFaultFd;
import io.vhost4j.core.memory.GuestRegion;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The requests about post-copy migration: the front-end serves the page faults of the memory that we map, by a userfaultfd of ours.
 * New regions are used only after the front-end has seen where they are and we have registered them. Threads that touch a page that is not
 * there yet wait in the kernel until the front-end brings it. Event thread only.
 */
final class PostcopyControl {
    private final Negotiation agreed;
    private @Nullable OwnedFd faults;
    private boolean listening;
    private List<GuestRegion> awaiting = List.of();
    private @Nullable Runnable commit;

    PostcopyControl(Negotiation agreed) {
        this.agreed = agreed;
    }

    /** Makes the userfaultfd and gives it to the front-end. */
    Reply advise() {
        agreed.require(ProtocolFeature.PAGEFAULT, "POSTCOPY_ADVISE");
        close();
        int fd = UserFaultFd.tryOpen(0);
        if (fd < 0) {
            throw new RequestRejectedException("POSTCOPY_ADVISE: userfaultfd: " + Errno.name(-fd)
                    + ": needs root, CAP_SYS_PTRACE or the sysctl vm.unprivileged_userfaultfd=1");
        }
        OwnedFd made = OwnedFd.of(fd);
        faults = made;
        UserFaultFd.enable(made);
        return new Reply.Descriptor(made.dup());
    }

    /** From now on new regions are registered. */
    Reply listen(boolean hasMemory) {
        if (faults == null) {
            throw new RequestRejectedException("POSTCOPY_LISTEN: POSTCOPY_ADVISE has to come before");
        }
        if (hasMemory) {
            throw new RequestRejectedException("POSTCOPY_LISTEN: there are memory regions already");
        }
        listening = true;
        return Reply.ACK;
    }

    boolean listening() {
        return listening;
    }

    /** Whether the front-end's answer about new regions is due. */
    boolean awaitsAck() {
        return commit != null;
    }

    /** Refuses a change of memory while the front-end's answer about the one before is due. */
    void requireNoneHeld(String request) {
        if (awaitsAck()) {
            throw new RequestRejectedException(
                    request + ": the reply about the regions before has to be answered first");
        }
    }

    /**
     * Holds regions back until the front-end has answered.
     *
     * @param regions mapped; released from here if the answer never comes
     * @param whenRegistered takes them into use
     */
    void hold(List<GuestRegion> regions, Runnable whenRegistered) {
        awaiting = regions;
        commit = whenRegistered;
    }

    /** The front-end knows where the regions are. */
    Reply acknowledged(long status) {
        Runnable action = commit;
        OwnedFd fd = faults;
        if (action == null || fd == null) {
            throw new RequestRejectedException("a reply to a memory request that was not asked about");
        }
        if (status != 0) {
            throw new RequestRejectedException("the front-end cannot use our mappings: status " + status);
        }
        for (GuestRegion region : awaiting) {
            region.registerFaults(fd);
        }
        awaiting = List.of();
        commit = null;
        action.run();
        return new Reply.None();
    }

    /** All pages are here. */
    Reply end() {
        agreed.require(ProtocolFeature.PAGEFAULT, "POSTCOPY_END");
        close();
        return new Reply.U64(0);
    }

    /** File descriptors that are kept. */
    int heldFds() {
        return faults == null ? 0 : 1;
    }

    private void dropHeld() {
        awaiting.forEach(GuestRegion::release);
        awaiting = List.of();
        commit = null;
    }

    /** Ends post-copy and closes the userfaultfd. */
    void close() {
        dropHeld();
        listening = false;
        if (faults != null) {
            faults.close();
            faults = null;
        }
    }
}
