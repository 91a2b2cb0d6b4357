// Holds a program's lookups against ampls-dns, which must be in PATH.
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DnsClient;
using Xunit;

public sealed class AmplsDns : IAsyncLifetime
{
    private readonly HttpClient admin = new();
    private readonly Dictionary<string, IPEndPoint> networks = new();
    private Process? process;

    public async Task InitializeAsync()
    {
        string[] arguments = ["serve", "two-scopes-one-dns", "--at", "first-scope", "--base-port", "0", "--admin", "127.0.0.1:0"];
        process = Process.Start(new ProcessStartInfo("ampls-dns", arguments) { RedirectStandardError = true })
            ?? throw new InvalidOperationException("ampls-dns did not start");
        while (await process.StandardError.ReadLineAsync() is { } line && !line.StartsWith("ctrl-c ends"))
        {
            if (line.StartsWith("admin: ")) admin.BaseAddress = new Uri(line["admin: ".Length..]);
        }
        if (admin.BaseAddress is null) throw new InvalidOperationException("ampls-dns did not start");
        // What it prints later must not fill the pipe.
        _ = process.StandardError.BaseStream.CopyToAsync(Stream.Null);
        var state = await admin.GetFromJsonAsync<JsonElement>("/v1/state");
        foreach (var network in state.GetProperty("networks").EnumerateArray())
        {
            networks[network.GetProperty("name").GetString()!] = IPEndPoint.Parse(network.GetProperty("listener").GetString()!);
        }
    }

    public async Task Post(string path, object? body = null) =>
        (await admin.PostAsJsonAsync(path, body)).EnsureSuccessStatusCode();

    /// <summary>A resolver that asks as a client in the network.</summary>
    public LookupClient Resolver(string network) => new(new LookupClientOptions(networks[network]) { UseCache = false });

    public async Task DisposeAsync()
    {
        if (process is null) return;
        process.Kill();
        await process.WaitForExitAsync();
    }
}

public sealed class NamesTests(AmplsDns dns) : IClassFixture<AmplsDns>, IAsyncLifetime
{
    public Task InitializeAsync() => dns.Post("/v1/reset");

    public Task DisposeAsync() => Task.CompletedTask;

    private async Task<string> IngestionAddress()
    {
        var reply = await dns.Resolver("vnet1").QueryAsync("api.monitor.azure.com", QueryType.A);
        return Assert.Single(reply.Answers.ARecords()).Address.ToString();
    }

    [Fact]
    public async Task ThePrivateLinkHasTheName() => Assert.Equal("10.0.1.9", await IngestionAddress());

    [Fact]
    public async Task ASecondScopeTakesIt()
    {
        await dns.Post("/v1/steps/goto", new { step = "second-scope" });
        Assert.Equal("10.0.2.7", await IngestionAddress());
    }
}
