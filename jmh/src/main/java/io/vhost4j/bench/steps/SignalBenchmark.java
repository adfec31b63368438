// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.steps;

import com.kenai.jffi.CallContext;
import com.kenai.jffi.CallingConvention;
import com.kenai.jffi.Invoker;
import com.kenai.jffi.Library;
import com.kenai.jffi.Type;
import io.vhost4j.core.linux.EventFd;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Writing to an event counter: what a notification of the guest costs, by the library and by other ways into C. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class SignalBenchmark {
    private static final Invoker JFFI = Invoker.getInstance();
    private static final CallContext WRITE_CONTEXT = CallContext.getCallContext(
            Type.SLONG, new Type[] {Type.SINT, Type.POINTER, Type.ULONG}, CallingConvention.DEFAULT, true);
    private static final long WRITE_ADDRESS = Library.getDefault().getSymbolAddress("write");
    private static final MethodHandle WRITE = link();

    private EventFd event;
    private MemorySegment one;

    @SuppressWarnings("restricted")
    private static MethodHandle link() {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().find("write").orElseThrow(),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));
    }

    /** A counter, which takes centuries to fill. */
    @Setup(Level.Trial)
    public void start() {
        event = EventFd.create();
        one = Arena.ofAuto().allocate(ValueLayout.JAVA_LONG);
        one.set(ValueLayout.JAVA_LONG, 0, 1L);
    }

    /** Closes it. */
    @TearDown(Level.Trial)
    public void end() {
        event.close();
    }

    /** The library's way: a downcall that also brings errno. */
    @Benchmark
    public boolean library() {
        return event.signal();
    }

    /** A downcall without errno. */
    @Benchmark
    public long downcall() throws Throwable {
        return (long) WRITE.invokeExact(event.fd(), one, (long) Long.BYTES);
    }

    /** JNI by jffi, which keeps errno. */
    @Benchmark
    public long jffi() {
        return JFFI.invokeN3(WRITE_CONTEXT, WRITE_ADDRESS, event.fd(), one.address(), Long.BYTES);
    }
}
